// oxlint-disable no-await-in-loop -- the calls come one after another

import assert from 'node:assert/strict'
import { cached } from '../cached.ts'
import { deferred } from './deferred.ts'
import type { StoreSuite } from './map-contract.ts'

/** Declares the tests of what `cached` promises on every store. */
export function testCached({ it, create, keeps }: StoreSuite): void {
  it('is called once for callers who come together', async () => {
    let loads = 0
    const gate = deferred<string>()
    const get = cached(await create())((_: string) => {
      loads++
      return gate.promise
    })

    const answers = [get('a'), get('a'), get('a')]
    await turn()
    gate.resolve('value')

    assert.deepEqual(await Promise.all(answers), ['value', 'value', 'value'])
    assert.equal(loads, 1)
  })

  it('answers the next call, whatever the value is', async () => {
    for (const value of [undefined, null, false, 0, '', 'text', { deep: [1] }]) {
      let loads = 0
      const get = cached(await create())(async (_: string) => {
        loads++
        return value
      })

      assert.deepEqual([await get('a'), await get('a')], [value, value])
      assert.equal(loads, keeps ? 1 : 2)
      assert.equal(await get.has('a'), keeps)
      assert.deepEqual(await get.peek('a'), keeps ? value : undefined)
    }
  })

  it('does not keep what a load gives that an invalidation has overtaken', async () => {
    const gates = [deferred<string>(), deferred<string>()]
    let loads = 0
    const get = cached(await create())((_: string) => gates[loads++]!.promise)

    const before = get('a')
    await turn()
    await get.invalidate('a')
    const after = get('a')
    await turn()
    gates[1]!.resolve('new')
    await after
    gates[0]!.resolve('old')

    assert.deepEqual([await before, await after], ['old', 'new'])
    await turn()
    assert.equal(await get.peek('a'), keeps ? 'new' : undefined)
  })

  it('does not keep what a load gives that a clear or a set has overtaken', async () => {
    const gate = deferred<string>()
    const get = cached(await create())((_: string) => gate.promise)

    const waiting = [get('a'), get('b')]
    await turn()
    await get.clear()
    await get.set(['a'], 'put in')
    gate.resolve('loaded')
    await Promise.all(waiting)
    await turn()

    assert.equal(await get.peek('a'), keeps ? 'put in' : undefined)
    assert.equal(await get.peek('b'), undefined)
  })

  it('keeps no failure', async () => {
    let loads = 0
    const get = cached(await create())(async (_: string) => {
      if (++loads === 1) throw new Error('down')
      return 'up'
    })

    await assert.rejects(get('a'), { message: 'down' })
    assert.equal(await get('a'), 'up')
  })

  it('keeps functions with different names apart', async () => {
    const store = await create()
    const first = cached(store, { name: 'first' })(async (id: number) => `first ${id}`)
    const second = cached(store, { name: 'second' })(async (id: number) => `second ${id}`)

    for (let times = 0; times < 2; times++) {
      assert.deepEqual([await first(1), await second(1)], ['first 1', 'second 1'])
    }
    await first.clear()

    assert.equal(await first.has(1), false)
    assert.equal(await second.has(1), keeps)
  })

  it('counts every call once', async () => {
    const get = cached(await create())(async (id: string) => id)

    await Promise.all([get('a'), get('a'), get('b')])
    await get('a')

    const { hits, misses, joins, staleHits } = get.stats()
    assert.equal(hits + misses + joins + staleHits, 4)
    assert.equal(hits, keeps ? 1 : 0)
  })
}

/** Lets everything happen that needs no timer. */
function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0))
}
