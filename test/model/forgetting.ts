import { invalidates, type Tags } from '../../src/index.ts'
import { deferred } from '../../src/testing.ts'
import type { Actor } from './actors.ts'
import type { Cell } from './cell.ts'
import { keys, type Ending, type Reach } from './commands.ts'
import type { World } from './world.ts'

/** The tags of a value that its function knows; the number of the value is in none of the arguments. */
export function tagsOf(value: string, key: string): string[] {
  const number = numberOf(value)
  return number % 5 === 4 ? [] : [`key:${key}`, `third:${number % 3}`]
}

/** The tags that a load gives by itself. */
export function addedTags(load: number): string[] {
  return load % 2 === 0 ? ['added'] : []
}

/** What `invalidateWhere` is asked for. */
const predicates: readonly ((key: string, value: string) => boolean)[] = [
  (key) => key === 'a',
  (key) => key !== 'b',
  (_, value) => numberOf(value) % 2 === 0,
  () => true,
  () => false,
]

function numberOf(value: string): number {
  return Number(/\d+$/.exec(value)![0])
}

/** A mutation that runs. */
export interface Mutation {
  end(how: Ending): void
}

/** Invalidates tags: what carries one of them, or all of them together. */
export function invalidateTags(world: World, names: readonly string[], together: boolean): void {
  noteTags(world, names, together)
  if (together) world.tags.invalidateAll(names)
  else world.tags.invalidate(...names)
}

/** From here on no call is given what carries the tags, nor joins a load, whose tags nobody knows. */
function noteTags(world: World, names: readonly string[], together: boolean): void {
  const time = ++world.time
  for (const [value, origin] of world.origins) {
    const carries = (name: string): boolean => origin.tags.includes(name)
    if (together ? !names.every(carries) : !names.some(carries)) {
      // A tier knows of single tags only, and loses all that carries the first of them.
      if (together && world.store.l2 !== undefined && carries(names[0]!)) origin.cell.unsure = true
      continue
    }
    origin.deadFrom = Math.min(origin.deadFrom, time)
    if (origin.cell.kept?.value === value) origin.cell.kept = undefined
  }
  if (!world.tagged) return
  for (const { cells } of world.actors) for (const cell of cells) cell.taggings.push(time)
}

/** Invalidates the entries of a function for which a predicate says so. */
export function invalidateWhere(world: World, actor: Actor, which: number): void {
  // Nobody can look through a tier, which says so.
  if (world.store.l2 !== undefined) return
  const predicate = predicates[which % predicates.length]!
  const time = ++world.time
  const inTheAir = new Set(world.loads.filter((load) => !load.landed && !load.mayHaveLanded).map(({ value }) => value))
  for (const [index, cell] of actor.cells.entries()) {
    const isLanding = world.loads.some((load) => load.cell === cell && load.mayHaveLanded && !load.landed)
    cell.separate(time)
    cell.unsure ||= isLanding
    if (cell.kept !== undefined && predicate(keys[index]!, cell.kept.value)) cell.kept = undefined
    // A store that takes its time is looked through while things go on.
    if (!world.isSync) cell.disturbed++
  }
  for (const [value, origin] of world.origins) {
    const index = actor.cells.indexOf(origin.cell)
    if (index >= 0 && (inTheAir.has(value) || predicate(keys[index]!, value)))
      origin.deadFrom = Math.min(origin.deadFrom, time)
  }
  world.control(
    () => actor.fn.invalidateWhere(predicate),
    () => {},
    () => {
      if (!world.isSync)
        for (const cell of actor.cells) {
          cell.disturbed--
          cell.unsure = true
        }
    },
  )
}

/** What a mutation holds: from when it begins to when it has ended nothing of that is kept. */
interface Grip {
  readonly cells: readonly Cell[]
  readonly tags: readonly string[]
}

/** Begins a mutation that invalidates a key, all of a function, or tags. */
export function mutate(
  world: World,
  actor: Actor,
  key: string,
  reach: Reach,
  tags: readonly string[],
  how: Ending | 'later',
): void {
  const grip: Grip = {
    cells: reach === 'the key' ? [world.cell(actor, key)] : reach === 'all keys' ? actor.cells : [],
    tags: reach === 'tags' ? tags : [],
  }
  const failure = new Error('a mutation has failed')
  const result = deferred<string>()
  const run = (): unknown => {
    if (how === 'rejected') throw failure
    if (how === 'resolved') return 'done'
    // This comes in the very step in which the mutation is heard to have ended, and right before that.
    const ended = (): void => letGo(world, grip)
    void result.promise.then(ended, ended)
    return result.promise
  }
  const target = actor.fn as unknown as Parameters<typeof invalidates>[0]
  const invalidator =
    reach === 'the key'
      ? invalidates(target, (one: string) => [one])
      : reach === 'all keys'
        ? invalidates(target)
        : invalidates(world.tags as Tags, () => tags)
  const mutation = (invalidator as (mutation: () => unknown) => (key: string) => unknown)(run)

  hold(world, grip)
  let answer: unknown
  try {
    answer = mutation(key)
    if (how === 'rejected') world.fail('a mutation that throws has not thrown')
  } catch (error) {
    if (error !== failure) world.fail(`a mutation throws ${String(error)}`)
  }
  if (how !== 'later') {
    letGo(world, grip)
    if (how === 'resolved' && answer !== 'done') world.fail(`a mutation gives ${String(answer)}`)
    return
  }
  let told: Ending | undefined
  const heard = (as: Ending, what: unknown): void => {
    world.outstanding--
    if (as !== told || what !== (as === 'resolved' ? 'done' : failure)) world.fail(`a mutation gives ${String(what)}`)
  }
  void (answer as Promise<unknown>).then(
    (value) => heard('resolved', value),
    (error: unknown) => heard('rejected', error),
  )
  world.mutations.push({
    end(as) {
      told = as
      world.outstanding++
      if (as === 'resolved') result.resolve('done')
      else result.reject(failure)
    },
  })
}

function hold(world: World, { cells, tags }: Grip): void {
  for (const cell of cells) {
    cell.invalidate(++world.time)
    cell.holds++
  }
  if (tags.length > 0) noteTags(world, tags, false)
  for (const tag of tags) world.heldTags.set(tag, (world.heldTags.get(tag) ?? 0) + 1)
}

function letGo(world: World, { cells, tags }: Grip): void {
  world.disturb()
  for (const cell of cells) {
    cell.invalidate(++world.time)
    cell.holds--
  }
  for (const tag of tags) world.heldTags.set(tag, world.heldTags.get(tag)! - 1)
  if (tags.length > 0) noteTags(world, tags, false)
}

/** Closes a scope of all functions that share it, and looks that nothing is left of it. */
export function closeScopes(world: World, name: string | undefined, wait: boolean): void {
  const open = world.actors.filter((one) => one.name === name && one.closedAt === Infinity)
  const running = world.loads.filter((load) => open.includes(load.call.actor) && load.ended === undefined)
  for (const actor of open) closeScope(world, actor, wait)
  if (wait) return
  for (const load of running) {
    load.abandoned = true
    if (!load.signal.aborted) world.fail(`load ${load.id} goes on in a closed scope`)
  }
}

function closeScope(world: World, actor: Actor, wait: boolean): void {
  actor.closedAt = ++world.time
  world.control(
    () => actor.fn.close({ wait }),
    () => {},
    () => {
      actor.closed = true
      if (!world.isSync || world.under.fails) return
      const left = [...world.store.keys()].filter((key: string) => key.startsWith(`${actor.name!}:`))
      const isThere = world.actors.some(({ name, closed }) => name === actor.name && !closed)
      if (left.length > 0 && !isThere) world.fail(`a closed scope has left ${left.join()}`)
    },
    true,
  )
}
