import assert from 'node:assert/strict'
import { inspect } from 'node:util'

import fc from 'fast-check'

import { cached, tiered } from '../../src/index.ts'
import { systemClock } from '../../src/clock.ts'
import { MemoryBackend } from '../support/memory-tier.ts'
import { turns } from './process.ts'

const kinds: fc.ObjectConstraints = {
  withBigInt: true,
  withDate: true,
  withMap: true,
  withSet: true,
  withTypedArray: true,
  withSparseArray: true,
  withNullPrototype: true,
}
const anything = fc
  .oneof(
    fc.anything(kinds),
    fc.constantFrom(undefined, null, NaN, -0, 0n, ''),
    fc.string().map((text) => Object.assign(new TypeError(text), { code: text })),
    fc.anything(kinds).map((value) => {
      const cyclic: { value: unknown; self?: unknown } = { value }
      cyclic.self = cyclic
      return cyclic
    }),
  )
  .filter((value) => !inspect(value, { depth: Infinity }).includes('Invalid Date'))

describe('a value', () => {
  it('is of the same shape on a miss, on a hit of either tier, and however it came there', async () => {
    const backend = new MemoryBackend(systemClock)
    let loads = 0
    let loaded: unknown
    const start = () =>
      cached(tiered(new Map<string, unknown>(), backend.open()), { name: 'value' })(async (_: number) => {
        loads++
        return loaded
      })
    const [one, two] = [start(), start()]
    await turns()
    let key = 0

    await fc.assert(
      fc.asyncProperty(anything, async (value) => {
        key++
        loads = 0
        loaded = value

        assert.deepStrictEqual(await one(key), value)
        await turns()
        assert.deepStrictEqual(await one(key), value)
        assert.deepStrictEqual(await two(key), value)
        assert.deepStrictEqual(await two(key), value)
        await one.set([key], value)
        assert.deepStrictEqual(await two.peek(key), value)
        assert.equal(loads, 1)
      }),
    )
    await Promise.all([one.close(), two.close()])
  })
})
