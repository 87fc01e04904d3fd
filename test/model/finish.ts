import { expect } from 'chai'
import { keys, type End } from './commands.ts'
import { checkCounts, valuesIn } from './counts.ts'
import type { World } from './world.ts'

/** How often everything that can happen is let happen before what has not happened is said to never do. */
const patience = 40

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
  const settledCounts = world.fns.map((fn) => fn.stats())
  const counted = settledCounts.reduce((sum, { hits, misses, joins }) => sum + hits + misses + joins, 0)
  const failed = settledCounts.reduce((sum, { loadFailures }) => sum + loadFailures, 0)
  expect(counted, 'calls counted in the end').to.equal(world.counted)
  expect(failed, 'failures counted').to.equal(world.loads.filter((load) => load.ended === 'rejected').length)
}

/** Ends all loads, one by one, and waits for all that was promised. */
async function settle(world: World): Promise<void> {
  world.soothe()
  for (let left = patience; left > 0; left--) {
    await world.flush()
    const running = world.loads.find((load) => load.ended === undefined)
    if (running !== undefined) running.end(running.id % 4 === 3 ? 'rejected' : 'resolved')
    // A wait for a lease looks again after a pause of real time, where no notice has come.
    else if (world.store.l2?.waits > 0) await new Promise((resolve) => setTimeout(resolve, 1))
    else if (world.outstanding === 0 && world.storeIsIdle && world.calls.every((call) => call.settled)) return
  }
  const waiting = world.calls.filter((call) => !call.settled).map((call) => call.id)
  expect(waiting, 'calls that never settle').to.deep.equal([])
  expect(world.outstanding, 'controls that never answer').to.equal(0)
}

/** Once all is quiet no load is in the air: a call is a hit or begins a load, and either gives what it may. */
async function callAnew(world: World): Promise<void> {
  const joins = world.fns.map((fn) => fn.stats().joins)
  for (const [fn] of world.fns.entries()) {
    for (const key of keys) {
      const cell = world.cell(fn, key)
      world.control(
        () => world.fns[fn]!.peek(key),
        (value) => value === undefined || world.checkValue('the last peek', cell, cell.fence, value),
      )
      world.call(fn, key, 'plainly')
    }
    await settle(world)
  }
  expect(
    world.fns.map((fn) => fn.stats().joins),
    'joins once all is quiet',
  ).to.deep.equal(joins)
}

/** Ends all functions. A load that is aborted is not kept, and a call that comes later is refused. */
async function close(world: World, wait: boolean): Promise<void> {
  const running = world.loads.filter((load) => load.ended === undefined)
  world.closedAt = ++world.time
  const closings = world.fns.map((fn) => fn.close({ wait }))
  let closed = false
  void Promise.all(closings).then(() => (closed = true))
  if (!wait) {
    for (const load of running) {
      load.abandoned = true
      expect(load.signal.aborted, `whether load ${load.id} is aborted`).to.equal(true)
    }
  }
  const { counted } = world
  for (const [fn] of world.fns.entries()) world.call(fn, keys[0]!, 'plainly')
  world.counted = counted
  await settle(world)
  expect(closed, 'whether closing has come to its end').to.equal(true)
  if (world.isSync && !wait) {
    const values = valuesIn(world.store)
    for (const load of running) expect(values, `a load that was aborted`).not.to.include(load.value)
  }
}
