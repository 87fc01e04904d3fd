import process from 'node:process'

import { expect } from 'chai'

/** How many random operations each policy has to go through beside its model; `POLICY_OPERATIONS` asks for more. */
export const operationsWanted: number = Number(process.env['POLICY_OPERATIONS'] ?? 6000)

/** Expects two values to be the same, at no cost while they are: this is done millions of times. */
export function expectSame(actual: unknown, expected: unknown): void {
  if (actual !== expected) expect(actual).to.equal(expected)
}
