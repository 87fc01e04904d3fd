import assert from 'node:assert/strict'
import { createReadStream, createWriteStream, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { inspect } from 'node:util'

import { expect } from 'chai'
import { expectTypeOf } from 'expect-type'
import fc from 'fast-check'

import { Cache, cached, lru, Tags, type DumpedEntry, type Restored } from '../../src/index.ts'
import { fromBytes, toBytes, type FromBytesOptions, type ToBytesOptions } from '../../src/snapshot/index.ts'
import { ManualClock } from '../../src/testing.ts'
import { rejection } from '../support/rejection.ts'

const anything = fc
  .anything({ withBigInt: true, withDate: true, withMap: true, withSet: true, withTypedArray: true })
  // Node 20 takes no date without a time for equal to itself.
  .filter((value) => !inspect(value, { depth: Infinity }).includes('Invalid Date'))

const key = fc.oneof(fc.string(), fc.integer(), fc.bigInt(), fc.boolean(), fc.constantFrom(null, undefined, Number.NaN))

async function bytesOf(chunks: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = []
  for await (const chunk of chunks) parts.push(chunk)
  return Buffer.concat(parts)
}

/** The same bytes in pieces of a few sizes, one after the other. */
function cut(bytes: Uint8Array, sizes: readonly number[]): Uint8Array[] {
  const pieces: Uint8Array[] = []
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length]!
    pieces.push(bytes.subarray(at, at + size))
    at += size
  }
  return pieces
}

function counts(some: Partial<Restored>): Restored {
  return { restored: 0, expired: 0, skipped: 0, unreadable: 0, ...some }
}

async function snapshotOf(values: Record<string, unknown>, options?: ToBytesOptions): Promise<Buffer> {
  const cache = new Cache<string, unknown>(new Map())
  for (const [name, value] of Object.entries(values)) await cache.set(name, value)
  return bytesOf(toBytes(cache.dump(), options))
}

async function restoredFrom(chunks: Iterable<Uint8Array>, options?: FromBytesOptions) {
  const cache = new Cache<string, unknown>(new Map())
  const result = await cache.restore(fromBytes(chunks, options))
  return { cache, result }
}

describe('a snapshot', () => {
  it('gives equal answers, and remaining lives, however its bytes are cut', async () => {
    const entry = fc.record({ key, value: anything, ttl: fc.integer({ min: 1, max: 200 }), tagged: fc.boolean() })
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(entry, { selector: (it) => it.key, comparator: 'SameValueZero', maxLength: 20 }),
        fc.integer({ min: 0, max: 100 }),
        fc.array(fc.integer({ min: 1, max: 100 }), { minLength: 1 }),
        async (entries, passed, sizes) => {
          const clock = new ManualClock(5_000)
          const tags = new Tags()
          const tagged = new Set(entries.filter((it) => it.tagged).map((it) => it.key))
          const options = {
            clock,
            ttl: (_: unknown, of: unknown) => entries.find((it) => Object.is(it.key, of))!.ttl,
            staleIfError: 20,
            tags: tags.of((_: unknown, of: unknown) => (tagged.has(of as never) ? ['tagged'] : [])),
          }
          const before = new Cache<unknown, unknown>(lru({ max: 100 }), options)
          for (const it of entries) await before.set(it.key, it.value)
          const bytes = await bytesOf(toBytes(before.dump()))
          clock.advance(passed)
          const after = new Cache<unknown, unknown>(lru({ max: 100 }), options)

          const { restored, expired, unreadable } = await after.restore(fromBytes(cut(bytes, sizes)))

          assert.deepEqual([restored + expired, unreadable], [entries.length, 0])
          for (let step = 0; step < 6; step++) {
            for (const it of entries) {
              assert.deepStrictEqual(after.peek(it.key), before.peek(it.key))
              assert.equal(after.has(it.key), before.has(it.key))
            }
            clock.advance(25)
          }
        },
      ),
      { numRuns: 100 },
    )
  })

  it('goes through a file, and through a pipeline', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'polycache-snapshot-'))
    try {
      const file = join(folder, 'users.snapshot')
      const before = cached(new Map())(async (id: number) => ({ id, text: 'x'.repeat(500) }))
      await Promise.all(Array.from({ length: 1_000 }, (_, id) => before(id)))
      const after = cached(new Map())(async (_: number) => ({ id: -1, text: 'loaded' }))

      await pipeline(toBytes(before.dump()), createWriteStream(file))
      const result = await after.restore(fromBytes(createReadStream(file)))

      expect(result).to.deep.equal(counts({ restored: 1_000 }))
      expect((await after(999)).id).to.equal(999)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('of nothing restores nothing', async () => {
    expect((await restoredFrom([await snapshotOf({})])).result).to.deep.equal(counts({}))
  })

  it('rejects with the error of a stream that fails', async () => {
    const cache = new Cache(new Map())

    const error = await rejection(cache.restore(fromBytes(createReadStream('no such file'))))

    expect(error).to.have.property('code', 'ENOENT')
  })

  it('closes its stream when the cache is closed in the middle', async () => {
    const bytes = await snapshotOf({ a: 1, b: 2 })
    const cache = new Cache<string, unknown>(new Map())
    let ended = false
    async function* chunks(): AsyncIterable<Uint8Array> {
      try {
        yield bytes.subarray(0, -1)
        await cache.close()
        yield bytes.subarray(-1)
      } finally {
        ended = true
      }
    }

    expect(await rejection(cache.restore(fromBytes(chunks())))).to.have.property('name', 'ClosedError')
    expect(ended).to.equal(true)
  })

  it('leaves out what the codec refuses, and what is too large, and tells', async () => {
    const told: [string, unknown][] = []
    const bytes = await snapshotOf(
      { a: 1, method: () => {}, large: 'x'.repeat(5_000), b: 2 },
      { maxEntryBytes: 1_000, onError: (error, of) => told.push([(error as Error).name, of]) },
    )

    expect(told).to.deep.equal([
      ['UnfitValueError', 'method'],
      ['EntryTooLargeError', 'large'],
    ])
    expect((await restoredFrom([bytes])).result).to.deep.equal(counts({ restored: 2 }))
  })

  it('is compressed where that is asked for', async () => {
    const plain = await snapshotOf({ a: 'x'.repeat(10_000) })
    const small = await snapshotOf({ a: 'x'.repeat(10_000) }, { compressAbove: 100 })

    expect(small.length).to.be.below(plain.length / 10)
    expect((await restoredFrom([small])).cache.peek('a')).to.equal('x'.repeat(10_000))
  })
})

describe('the bytes of a snapshot that have suffered', () => {
  const values = { a: 'first', b: 'second '.repeat(50), c: 'third' }

  it('restore what is whole before they are cut off, and never more', async () => {
    const bytes = await snapshotOf(values)
    let fewest = 0
    for (let length = 0; length < bytes.length; length++) {
      const { cache, result } = await restoredFrom([bytes.subarray(0, length)])

      expect(result.unreadable).to.be.at.most(1)
      expect(result.restored).to.be.within(fewest, 2)
      fewest = result.restored
      for (const [name, value] of Object.entries(values)) expect(cache.peek(name)).to.be.oneOf([value, undefined])
    }
    expect(fewest).to.equal(2)
  })

  it('restore all but what is damaged, whichever bit is turned', async () => {
    const bytes = await snapshotOf(values)
    for (let at = 0; at < bytes.length; at++) {
      const damaged = Buffer.from(bytes)
      damaged[at]! ^= 1 << (at % 8)

      const { cache, result } = await restoredFrom(cut(damaged, [7]))

      expect(result.unreadable, `byte ${at}`).to.be.at.least(1)
      expect(result.restored, `byte ${at}`).to.be.at.most(2)
      for (const [name, value] of Object.entries(values)) expect(cache.peek(name)).to.be.oneOf([value, undefined])
    }
  })

  it('are passed over where a record alone is damaged', async () => {
    const bytes = await snapshotOf(values)
    const damaged = Buffer.from(bytes)
    damaged[bytes.indexOf('second')]! ^= 1

    const { cache, result } = await restoredFrom([damaged])

    expect(result).to.deep.equal(counts({ restored: 2, unreadable: 1 }))
    expect([cache.peek('a'), cache.peek('b'), cache.peek('c')]).to.deep.equal(['first', undefined, 'third'])
  })

  it('are counted as one where they are no snapshot', async () => {
    for (const text of ['', 'x', '{"json":true}', 'x'.repeat(100_000)]) {
      expect((await restoredFrom([Buffer.from(text)])).result).to.deep.equal(counts({ unreadable: 1 }))
    }
  })

  it('never throw whatever they are', async () => {
    const opening = (await snapshotOf({})).subarray(0, 8)
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), fc.integer({ min: 1, max: 50 }), async (bytes, size) => {
        const { result } = await restoredFrom(cut(Buffer.concat([opening, bytes]), [size]))

        assert.deepEqual(result, counts({ unreadable: bytes.length === 0 ? 0 : 1 }))
      }),
    )
  })

  it('hold no more than maxEntryBytes, whatever length they claim, and go on behind it', async () => {
    const bytes = await snapshotOf({ a: 1, large: 'x'.repeat(50_000), b: 2 })

    const { result } = await restoredFrom(cut(bytes, [1_000]), { maxEntryBytes: 1_000 })

    expect(result).to.deep.equal(counts({ restored: 2, unreadable: 1 }))
  })

  it('of another schema restore nothing', async () => {
    const bytes = await snapshotOf(values, { schemaVersion: 1 })

    expect((await restoredFrom([bytes], { schemaVersion: 2 })).result).to.deep.equal(counts({ unreadable: 3 }))
    expect((await restoredFrom([bytes], { schemaVersion: 1 })).result).to.deep.equal(counts({ restored: 3 }))
  })

  it('are not taken for records where they hold something else', async () => {
    const odd = [5, null, 'text', { polycache: 1 }, { polycache: 1, key: {}, at: 0, value: 1 }] as any[]
    const bytes = await bytesOf(toBytes(odd.map((record) => record as DumpedEntry)))

    expect((await restoredFrom([bytes])).result).to.deep.equal(counts({ unreadable: odd.length }))
  })
})

describe('toBytes and fromBytes', () => {
  it('refuse what is no list, and options that are wrong', () => {
    expect(() => toBytes(5 as any)).to.throw(TypeError, 'what toBytes is given must be')
    expect(() => fromBytes('text' as any)).to.throw(TypeError, 'what fromBytes is given must be')
    expect(() => toBytes([], { onError: 5 as any })).to.throw(TypeError, 'onError must be a function')
    expect(() => toBytes([], { codex: 5 } as any)).to.throw(TypeError, 'an option of toBytes must be one of')
    expect(() => fromBytes([], { compressAbove: 5 } as any)).to.throw(
      TypeError,
      'an option of fromBytes must be one of',
    )
    expect(() => fromBytes([], { maxEntryBytes: 0 })).to.throw(RangeError, 'maxEntryBytes must be')
  })

  it('say so where a stream gives text', async () => {
    const error = await rejection(new Cache(new Map()).restore(fromBytes(['text'] as any)))

    expect(error).to.have.property('message', 'a chunk of a snapshot must be bytes, a Uint8Array, but got: "text"')
  })
})

/* Compiling is the test; nothing here runs. */
export async function typesOfSnapshots(): Promise<void> {
  const getUser = cached(new Map())(async (id: string) => ({ id }))

  expectTypeOf(getUser.dump()).toEqualTypeOf<AsyncIterable<DumpedEntry<{ id: string }>>>()
  expectTypeOf(await getUser.restore(getUser.dump())).toEqualTypeOf<Restored>()
  expectTypeOf(await getUser.restore(fromBytes([]))).toEqualTypeOf<Restored>()
  expectTypeOf(new Cache<number, string>(new Map()).dump()).toEqualTypeOf<AsyncIterable<DumpedEntry<string, number>>>()
  void pipeline(toBytes(getUser.dump()), createWriteStream('file'))

  // @ts-expect-error -- the values are users
  void getUser.restore([] as DumpedEntry<number>[])
  // @ts-expect-error -- what toBytes gives is for fromBytes
  void getUser.restore(toBytes(getUser.dump()))
  // @ts-expect-error -- bytes are read with what they were written with, and compression is no matter of reading
  void fromBytes([], { compressAbove: 1 })
}
