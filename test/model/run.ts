import { expect } from 'chai'
import type { Actor } from './actors.ts'
import type { Call, Cell, Load } from './cell.ts'
import type { Command, CommandTo, History, Manner } from './commands.ts'
import { checkCounts } from './counts.ts'
import { finish } from './finish.ts'
import { closeScopes, invalidateTags, invalidateWhere, mutate } from './forgetting.ts'
import { SlowMap } from './slow-map.ts'
import type { StoreUnderTest } from './stores.ts'
import { World } from './world.ts'

/** Plays a history against functions on a store. Rejects when a rule of the engine is broken. */
export async function run(under: StoreUnderTest, history: History): Promise<void> {
  const world = new World(under, history)
  try {
    for (const command of history.commands) {
      // A timer runs only when all that can happen before it has happened.
      if (command.does === 'advance' && world.timers !== undefined) await world.flush()
      play(world, command)
      checkCounts(world)
      if (command.then === 'later') await world.flush()
      else if (command.then === 'a tick later') {
        await undefined
        for (const load of world.loads) if (load.ended !== undefined) load.mayHaveLanded = true
      }
      world.checkNothingBroken()
    }
    // Half of all mutations never come to an end.
    if (history.seed % 2 === 0) for (const mutation of world.mutations.splice(0)) mutation.end('resolved')
    await finish(world, history.end)
  } finally {
    world.leave()
  }
}

const disturbing: readonly Command['does'][] = [
  'advance',
  'set',
  'invalidate',
  'expire',
  'clear',
  'invalidate tags',
  'invalidate where',
  'mutate',
  'close scope',
]

function play(world: World, command: Command): void {
  if (command.does === 'resolve') world.disturbances++
  if (disturbing.includes(command.does)) world.disturb()
  if ('fn' in command) return playOn(world, world.actor(command.fn, command.scope), command)
  switch (command.does) {
    case 'advance':
      return world.advance(command.ms * 1_000)
    case 'resolve':
    case 'reject': {
      const ending = nth(
        world.loads.filter((load) => load.ended === undefined),
        command.which,
      )
      if (!world.isSync && ending?.background === false) {
        // It may overtake a call that is still reading.
        for (const one of world.calls) if (one.cell === ending.cell && !one.settled) delete one.mustGive
      }
      return ending?.end(command.does === 'resolve' ? 'resolved' : 'rejected')
    }
    case 'abort': {
      const waiting = world.calls.filter((one) => one.controller !== undefined && !one.settled && !one.mustLeave)
      return abort(world, nth(waiting, command.which))
    }
    case 'let on':
      return world.store instanceof SlowMap ? world.store.letOn(command.which) : undefined
    case 'invalidate tags':
      return invalidateTags(world, command.tags, command.together)
    case 'end mutation': {
      const [ending] = world.mutations.splice(command.which % Math.max(1, world.mutations.length), 1)
      return ending?.end(command.how)
    }
  }
}

function playOn(world: World, actor: Actor, command: CommandTo): void {
  if (actor.closedAt < Infinity) {
    // A scope that is being closed takes nothing any more, and says so.
    if (command.does === 'call') world.call(actor, command.key, command.how)
    return
  }
  switch (command.does) {
    case 'clear':
      return clear(world, actor)
    case 'call':
      return call(world, actor, command.key, command.how)
    case 'set':
      return world.set(actor, command.key)
    case 'invalidate':
    case 'expire':
      return invalidate(world, actor, command.key, command.does)
    case 'peek':
    case 'has':
      return look(world, actor, command.key, command.does)
    case 'invalidate where':
      return invalidateWhere(world, actor, command.which)
    case 'mutate':
      return mutate(world, actor, command.key, command.reach, command.tags, command.how)
    case 'close scope':
      if (world.functions.includes(actor)) return
      // Functions that share their keys share what is in their scopes, and so its end.
      closeScopes(world, actor.name, command.wait)
  }
}

function nth<T>(all: readonly T[], which: number): T | undefined {
  return all[which % Math.max(1, all.length)]
}

/** Whether a load of this key has been told to end, and nobody knows if the engine has heard of it. */
function isLanding(world: World, cell: Cell): boolean {
  return world.loads.some((load) => load.cell === cell && load.mayHaveLanded && !load.landed && !cell.isRevoked(load))
}

/** Whether what is known of a key is all that there is. */
function isQuiet(world: World, cell: Cell): boolean {
  if (cell.unsure || isLanding(world, cell)) return false
  if (world.isSync) return true
  const isOf = (one: Call | Load): boolean => one.cell === cell
  return (
    world.storeIsIdle &&
    world.outstanding === 0 &&
    !world.calls.some((one) => isOf(one) && !one.settled) &&
    !world.loads.some((one) => isOf(one) && !one.landed && !(one.background && one.ended === undefined))
  )
}

function call(world: World, actor: Actor, key: string, how: Manner): void {
  const cell = world.cell(actor, key)
  const fresh = how.includes('fresh') || how === 'as a refresh'
  const quiet = isQuiet(world, cell)
  if (fresh && isLanding(world, cell)) cell.unsure = true
  if (world.isSync) return callAtOnce(world, actor, key, how, quiet, fresh)
  const { kept } = cell
  const isServed = cell.isServed(world.clock.now())
  const made = world.call(actor, key, how)
  if (quiet && !fresh && !made.mustLeave && world.hasAll && isServed) made.mustGive = kept!.value
}

/** Where the store answers at once, the counts say at once what a call was. */
function callAtOnce(world: World, actor: Actor, key: string, how: Manner, quiet: boolean, fresh: boolean): void {
  const { under, clock, loads } = world
  const cell = world.cell(actor, key)
  const { kept, flight, joinable } = cell
  if (flight !== joinable && !fresh && isLanding(world, cell)) cell.unsure = true
  const may = mayBe(world, cell, quiet, fresh)
  const hasFailed = cell.hasFailed(clock.now())
  const before = { ...actor.fn.stats(), begun: loads.length }
  const made = world.call(actor, key, how)
  const after = actor.fn.stats()
  const was = (['hits', 'staleHits', 'joins', 'misses'] as const).filter((what) => after[what] > before[what]).join()
  const begun = loads[before.begun]

  expect(was, `call ${made.id}`).to.be.oneOf(made.mustLeave ? [''] : may)
  const loadsBegun = loads.length - before.begun
  if (was === 'misses') expect(loadsBegun, `loads begun by call ${made.id}`).to.equal(1)
  else if (begun !== undefined) {
    expect(loadsBegun, `refreshes begun by call ${made.id}`).to.equal(1)
    expect(begun.background, `whether load ${begun.id} is a refresh`).to.equal(true)
    const mayRefresh = was === 'staleHits' || (was === 'hits' && world.lifetime.refreshes)
    expect(mayRefresh && !(quiet && (hasFailed === true || flight !== undefined)), 'a refresh').to.equal(true)
  } else if (was === 'staleHits' && quiet && flight === undefined) {
    expect(hasFailed, `whether call ${made.id} begins no refresh because of a failure`).not.to.equal(false)
  }
  if (was === 'misses' && flight !== joinable) cell.separations.push(made.startedAt)
  if (begun !== undefined) cell.flight = begun

  const isFoundAgain = quiet && kept !== undefined && !under.fails
  if (was === 'hits') {
    const mayHaveFailed = world.lifetime.failuresAnswer && hasFailed !== false
    if (isFoundAgain && !mayHaveFailed) made.mustGive = kept.value
    cell.used(clock.now(), clock.now(), true)
  } else if (was === 'staleHits') {
    if (isFoundAgain) made.mustGive = kept.value
  } else if (was === 'misses' || was === 'joins') {
    waitFor(made, was === 'misses' ? begun! : flight!)
    if (isFoundAgain && world.hasAll && !fresh && world.lifetime.grace > 0) made.old = kept
  }
}

/** What a call may be counted as. */
function mayBe(world: World, cell: Cell, quiet: boolean, fresh: boolean): string[] {
  if (fresh) return ['misses']
  const { under, clock, lifetime } = world
  const now = clock.now()
  const isFresh = cell.isFresh(now)
  const isServed = cell.isServed(now)
  const hasFailed = cell.hasFailed(now)
  const isSure = quiet && !under.fails
  const mustBeServed = isSure && world.hasAll && isServed === true
  const mayAnswerFailure = lifetime.failuresAnswer && hasFailed !== false && !mustBeServed
  const may = []
  if (!isSure || isFresh !== false || mayAnswerFailure) may.push('hits')
  if (lifetime.grace > 0 && (!isSure || (isFresh !== true && isServed !== false))) may.push('staleHits')
  const mustFail = quiet && lifetime.failuresAnswer && hasFailed === true
  if (mustBeServed || mustFail) return may
  if (cell.joinable === undefined || !quiet) may.push('misses')
  if (cell.joinable !== undefined) may.push('joins')
  return may
}

function waitFor(made: Call, load: Load): void {
  made.load = load
  if (made.controller === undefined) load.pinned = true
  else load.leavers.add(made)
}

function abort(world: World, leaving: Call | undefined): void {
  if (leaving === undefined) return
  const { load, cell } = leaving
  const landing = world.loads.filter((one) => one.cell === cell && one.mayHaveLanded && !cell.isRevoked(one))
  for (const one of world.loads) if (one.cell === cell && one.mayHaveLanded) one.failureSeen = true
  leaving.controller!.abort(new Error(`call ${leaving.id} has left`))
  if (load !== undefined) {
    load.leavers.delete(leaving)
    const isLast = load.leavers.size === 0 && !load.pinned
    if (!load.mayHaveLanded && !leaving.mayHaveLeft) leaving.mustLeave = true
    const isLeftAlone = !load.mayHaveLanded && !load.mayBePinned && !load.abandoned
    if (isLeftAlone && !leaving.mayHaveLeft) {
      expect(load.signal.aborted, `whether load ${load.id} is aborted`).to.equal(isLast)
    }
  }
  for (const one of world.loads) {
    if (one.cell !== cell || !one.signal.aborted) continue
    one.abandoned = true
    if (cell.flight === one) cell.flight = undefined
    if (landing.includes(one)) cell.unsure = true
  }
}

function clear(world: World, actor: Actor): void {
  const time = ++world.time
  for (const cell of actor.cells) cell.invalidate(time)
  world.control(() => actor.fn.clear())
}

function invalidate(world: World, actor: Actor, key: string, does: 'invalidate' | 'expire'): void {
  const cell = world.cell(actor, key)
  const isSure = isQuiet(world, cell) && !world.under.fails
  const isFresh = isSure ? cell.isFresh(world.clock.now()) : undefined
  const isThere = isSure && does === 'invalidate' ? cell.isOfUse(world.clock.now()) : isFresh
  if (does === 'expire') world.expire(cell)
  else cell.invalidate(++world.time)
  world.control(
    () => actor.fn[does](key),
    (answer: boolean) => {
      if (isThere === true && world.hasAll && !answer) world.fail(`${does} says that nothing was there`)
      if (isThere === false && world.isSync && answer) world.fail(`${does} says that something was there`)
    },
  )
}

function look(world: World, actor: Actor, key: string, does: 'peek' | 'has'): void {
  const cell = world.cell(actor, key)
  const { kept } = cell
  const asker = { cell, fence: cell.fence, startedAt: world.time, startedAtMs: world.clock.now() }
  const isFresh = isQuiet(world, cell) && !world.under.fails ? cell.isFresh(world.clock.now()) : undefined
  const none = does === 'peek' ? undefined : false
  world.control(
    () => actor.fn[does](key),
    (answer: unknown) => {
      if (isFresh === true && world.hasAll && answer === none) world.fail(`${does} has not seen ${kept!.value}`)
      if (isFresh === false && answer !== none) world.fail(`${does} has seen ${String(answer)}, which is gone`)
      if (does === 'peek' && answer !== none) world.checkValue('peek', asker, answer)
    },
  )
}
