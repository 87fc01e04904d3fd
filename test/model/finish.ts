import { expect } from 'chai'
import { keys, type End } from './commands.ts'
import { checkCounts, valuesIn } from './counts.ts'
import type { World } from './world.ts'

/** How often everything that can happen is let happen before what has not happened is said to never do. */
const patience = 40

/** The longest that a wait for a lease goes on without a look, in milliseconds. */
const longestPause = 200

/** Ends a history: every promise settles, nothing is left in the air, and what was to be kept out is not kept. */
export async function finish(world: World, end: End): Promise<void> {
  if (end === 'still open') {
    await settle(world)
    await callAnew(world)
    await close(world, true)
  } else {
    await close(world, end === 'closed, waiting')
    await settle(world)
  }
  checkCounts(world)
  const settledCounts = world.actors.map(({ fn }) => fn.stats())
  const counted = settledCounts.reduce(
    (sum, { hits, misses, joins, staleHits }) => sum + hits + misses + joins + staleHits,
    0,
  )
  const failed = settledCounts.reduce((sum, { loadFailures }) => sum + loadFailures, 0)
  expect(counted, 'calls counted in the end').to.equal(world.counted)
  for (const load of world.loads) {
    const isSeen = load.failureSeen === true || load.signal.aborted || world.failures.includes(load.error)
    expect(load.ended === 'resolved' || isSeen, `whether somebody hears of the failure of load ${load.id}`).to.equal(
      true,
    )
  }
  expect(world.timersLeft, 'timers that are left').to.equal(0)
  expect(failed, 'failures counted').to.equal(world.loads.filter((load) => load.ended === 'rejected').length)
}

/** Ends all loads, one by one, and waits for all that was promised. */
async function settle(world: World): Promise<void> {
  world.soothe()
  for (let left = patience; left > 0; left--) {
    await world.flush()
    const running = world.loads.find((load) => load.ended === undefined)
    if (running !== undefined) running.end(running.id % 4 === 3 ? 'rejected' : 'resolved')
    else if (world.store.l2?.waits > 0) await pauseOfTier(world)
    else if (world.outstanding === 0 && world.storeIsIdle && world.calls.every((call) => call.settled)) return
  }
  const waiting = world.calls.filter((call) => !call.settled).map((call) => call.id)
  expect(waiting, 'calls that never settle').to.deep.equal([])
  expect(world.outstanding, 'controls that never answer').to.equal(0)
}

/** A wait for a lease looks again after a pause, where no notice has come. */
async function pauseOfTier(world: World): Promise<void> {
  if (world.timers === undefined) return new Promise((resolve) => setTimeout(resolve, 1))
  world.disturb()
  world.advance(longestPause)
}

/** Once all is quiet no load is in the air: a call is a hit or begins a load, and either gives what it may. */
async function callAnew(world: World): Promise<void> {
  const joins = world.actors.map(({ fn }) => fn.stats().joins)
  for (const actor of world.actors) {
    if (actor.closedAt < Infinity) continue
    for (const key of keys) {
      const cell = world.cell(actor, key)
      world.control(
        () => actor.fn.peek(key),
        (value) => {
          const asker = { cell, fence: cell.fence, startedAt: world.time, startedAtMs: world.clock.now() }
          if (value !== undefined) world.checkValue('the last peek', asker, value)
        },
      )
      world.call(actor, key, 'plainly')
    }
    await settle(world)
  }
  expect(
    world.actors.map(({ fn }) => fn.stats().joins),
    'joins once all is quiet',
  ).to.deep.equal(joins)
}

/** Ends all functions. A load that is aborted is not kept, and a call that comes later is refused. */
async function close(world: World, wait: boolean): Promise<void> {
  // What a scope that is being closed already waits for, it goes on to wait for.
  const running = world.loads.filter((load) => load.ended === undefined && load.call.actor.closedAt === Infinity)
  const time = ++world.time
  // The scopes end with their functions, and so does what is in them.
  world.disturb()
  for (const actor of world.actors) actor.closedAt = Math.min(actor.closedAt, time)
  const closings = world.functions.map(({ fn }) => fn.close({ wait }))
  let closed = false
  void Promise.all(closings).then(() => (closed = true))
  if (!wait) {
    for (const load of running) {
      load.abandoned = true
      expect(load.signal.aborted, `whether load ${load.id} is aborted`).to.equal(true)
    }
  }
  for (const actor of world.actors) world.call(actor, keys[0]!, 'plainly')
  await settle(world)
  expect(closed, 'whether closing has come to its end').to.equal(true)
  if (world.isSync && !wait) {
    const values = valuesIn(world.store)
    for (const load of running) expect(values, `a load that was aborted`).not.to.include(load.value)
  }
}
