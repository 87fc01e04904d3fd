import process from 'node:process'

/** How many random operations each policy has to go through beside its model; `POLICY_OPERATIONS` asks for more. */
export const operationsWanted: number = Number(process.env['POLICY_OPERATIONS'] ?? 6000)
