// oxlint-disable no-await-in-loop -- the operations on a store come one after another

import assert from 'node:assert/strict'
import { seededRandom } from '../random.ts'
import type { AsyncStore, Store } from '../types.ts'

/** Any store, of any keys and values. */
export type AnyStore = Store<any, any> | AsyncStore<any, any>

/** What a group of tests is made of. */
export interface StoreSuite {
  it(name: string, body: () => Promise<void>): unknown
  create(): AnyStore | Promise<AnyStore>
  keeps: boolean
  keys: 'any' | 'strings' | undefined
}

/** What is put into a store: a record around the cached value, as the engine wraps it. */
interface Entry {
  value: unknown
}

const anyKeys: readonly unknown[] = [
  'text', '', 'undefined', '1', 1, 0, -1.5, NaN, Infinity, true, false, 10n, Symbol('key'), undefined, {}, () => 1,
] // prettier-ignore
const stringKeys: readonly string[] = [
  'text', '', '0', '1', 'undefined', 'null', '__proto__', 'constructor', 'with space', 'UPPER', 'upper', 'ключ', '🔑',
  'a:b', 'a/b', 'x'.repeat(200),
] // prettier-ignore
const values: readonly unknown[] = [undefined, null, false, true, 0, -1, '', 'text', [], {}, [undefined], { deep: [1] }]

/** Declares the tests of what is asked of every store: that it works as a `Map` does. */
export function testMapContract({ it, create, keeps, keys }: StoreSuite): void {
  /** The keys to try: of all kinds where the store must tell them apart. */
  const keysFor = (store: AnyStore): readonly unknown[] =>
    (keys ?? (isAsync(store) ? 'strings' : 'any')) === 'any' ? anyKeys : stringKeys

  it('has nothing when it is new', async () => {
    const store = await create()

    assert.equal(await store.get('a'), undefined)
    assert.equal(await store.delete('a'), false)
    if (store.has) assert.equal(await store.has('a'), false)
    if (store.peek) assert.equal(await store.peek('a'), undefined)
    if (store.size !== undefined) assert.equal(store.size, 0)
    assert.deepEqual(await keysOf(store), store.keys ? [] : undefined)
  })

  if (!keeps) {
    it('keeps nothing', async () => {
      const store = await create()

      await store.set('a', { value: 1 })

      await hasOnly(store, [])
      assert.equal(await store.get('a'), undefined)
      assert.equal(await store.delete('a'), false)
      await store.clear?.()
    })
    return
  }

  it('gives back what was put in', async () => {
    const store = await create()

    await store.set('a', { value: 1 })
    await store.set('b', { value: 2 })

    await hasOnly(store, [['a', { value: 1 }], ['b', { value: 2 }]]) // prettier-ignore
  })

  it('gives back the very object that was put in, where it is synchronous', async () => {
    const store = await create()
    const entry = { value: 1 }

    await store.set('a', entry)

    if (!isAsync(store)) assert.equal(store.get('a'), entry)
  })

  it('tells keys apart', async () => {
    const store = await create()
    const all = keysFor(store)

    for (const [index, key] of all.entries()) await store.set(key, { value: index })

    for (const [index, key] of all.entries()) assert.deepEqual(await store.get(key), { value: index })
    for (const key of all) assert.equal(await store.delete(key), true)
    for (const key of all) assert.equal(await store.get(key), undefined)
    await hasOnly(store, [])
  })

  it('takes 0 and -0 for one key, as a Map does', async () => {
    const store = await create()
    if (keysFor(store) !== anyKeys) return

    await store.set(-0, { value: 1 })

    assert.deepEqual(await store.get(0), { value: 1 })
    const found = await keysOf(store)
    if (found) assert.ok(Object.is(found[0], 0), 'the key -0 is kept as 0')
    assert.equal(await store.delete(0), true)
  })

  it('keeps entries of every kind of value, falsy ones and undefined too', async () => {
    const store = await create()
    // What an asynchronous store is given has been made fit for serialization by the engine.
    const kinds = isAsync(store) ? values.filter((value) => value !== undefined && !hasUndefined(value)) : values

    for (const [index, value] of kinds.entries()) await store.set(`k${index}`, { value })

    for (const [index, value] of kinds.entries()) assert.deepEqual(await store.get(`k${index}`), { value })
  })

  it('overwrites', async () => {
    const store = await create()

    await store.set('a', { value: 1 })
    await store.set('b', { value: 2 })
    await store.set('a', { value: 3 })

    await hasOnly(store, [['a', { value: 3 }], ['b', { value: 2 }]]) // prettier-ignore
  })

  it('deletes one key, and says whether it was there', async () => {
    const store = await create()
    await store.set('a', { value: 1 })
    await store.set('b', { value: 2 })

    assert.equal(await store.delete('a'), true)
    assert.equal(await store.delete('a'), false)
    assert.equal(await store.delete('c'), false)

    await hasOnly(store, [['b', { value: 2 }]])
    await store.set('a', { value: 4 })
    await hasOnly(store, [['a', { value: 4 }], ['b', { value: 2 }]]) // prettier-ignore
  })

  it('deletes its only entry and takes another', async () => {
    const store = await create()

    for (let round = 0; round < 3; round++) {
      await store.set('a', { value: round })
      assert.equal(await store.delete('a'), true)
      await hasOnly(store, [])
    }
  })

  it('clears, where it can', async () => {
    const store = await create()
    if (!store.clear) return
    await store.set('a', { value: 1 })
    await store.set('b', { value: 2 })

    await store.clear()

    await hasOnly(store, [])
    await store.set('a', { value: 3 })
    await hasOnly(store, [['a', { value: 3 }]])
  })

  it('peeks at an entry as if nobody had looked, where it can', async () => {
    const peeked = await create()
    const left = await create()
    if (!peeked.peek || !peeked.keys) return

    // Both are filled over and over by the same rule; the peeks of one must not change what it keeps, nor its order.
    for (let n = 0; n < 12; n++) {
      for (const store of [peeked, left]) await store.set(`k${n % 8}`, { value: n })
      for (let other = 0; other < 8; other++) await peeked.peek(`k${other}`)
    }

    assert.deepEqual(await peeked.peek('k1'), { value: 9 })
    assert.deepEqual(await keysOf(peeked), await keysOf(left))
  })

  it('gives [key, entry] pairs, and lets them be deleted meanwhile, where it can be iterated', async () => {
    const store = await create()
    if (!isIterable(store)) return
    for (let n = 0; n < 16; n++) await store.set(`k${n}`, { value: n })

    const seen = new Map<unknown, unknown>()
    for (const [key, entry] of store) {
      assert.ok(!seen.has(key), 'each key comes once')
      seen.set(key, entry)
      if ((entry as Entry).value !== 3) await (store as unknown as AnyStore).delete(key)
    }

    assert.equal(seen.size, 16)
    for (let n = 0; n < 16; n++) assert.deepEqual(seen.get(`k${n}`), { value: n })
    await hasOnly(store, [['k3', { value: 3 }]])
  })

  for (const seed of [1, 2, 3]) {
    it(`does what a Map does through many random operations (seed ${seed})`, async () => {
      const store = await create()
      const model = new Map<unknown, Entry>()
      const random = seededRandom(seed)
      const all = keysFor(store)

      for (let step = 0; step < 400; step++) {
        const key = all[Math.floor(random() * all.length)]
        const chance = random()
        if (chance < 0.4) {
          await store.set(key, { value: step })
          model.set(key, { value: step })
        } else if (chance < 0.65) {
          assert.deepEqual(await store.get(key), model.get(key))
        } else if (chance < 0.85) {
          assert.equal(await store.delete(key), model.delete(key))
        } else if (chance < 0.9) {
          if (store.has) assert.equal(await store.has(key), model.has(key))
        } else if (chance < 0.98) {
          if (store.peek) assert.deepEqual(await store.peek(key), model.get(key))
        } else if (store.clear) {
          await store.clear()
          model.clear()
        }
        if (step % 20 === 0) await hasOnly(store, [...model])
      }
    })
  }
}

/** Whether a store answers with promises. */
function isAsync(store: AnyStore): boolean {
  const answer: unknown = store.get('is it asynchronous?')
  if (typeof (answer as PromiseLike<unknown> | undefined)?.then !== 'function') return false
  // A failure is for the test itself to meet.
  Promise.resolve(answer).catch(() => {})
  return true
}

function isIterable(store: AnyStore): store is AnyStore & Iterable<[unknown, unknown]> {
  return typeof (store as { [Symbol.iterator]?: unknown })[Symbol.iterator] === 'function'
}

function hasUndefined(value: unknown): boolean {
  return Array.isArray(value) && value.includes(undefined)
}

/** The keys that a store names; `undefined` when it cannot. */
async function keysOf(store: AnyStore): Promise<unknown[] | undefined> {
  if (!store.keys) return undefined
  const found: unknown[] = []
  for await (const key of store.keys() as Iterable<unknown>) found.push(key)
  return found
}

/** Checks by every method there is that a store holds these entries and no others. */
async function hasOnly(store: AnyStore, expected: readonly (readonly [unknown, Entry])[]): Promise<void> {
  for (const [key, entry] of expected) {
    if (store.has) assert.equal(await store.has(key), true)
    if (store.peek) assert.deepEqual(await store.peek(key), entry)
    assert.deepEqual(await store.get(key), entry)
  }
  if (store.size !== undefined) assert.equal(store.size, expected.length)
  const found = await keysOf(store)
  if (found) assert.deepEqual(new Set(found), new Set(expected.map(([key]) => key)))
  if (found) assert.equal(found.length, expected.length, 'each key is named once')
  if (isIterable(store)) assert.deepEqual(new Map(store), new Map(expected))
}
