import { expect } from 'chai'
import * as fc from 'fast-check'
import * as sinon from 'sinon'
import { ttl } from '../../src/policies/ttl.ts'
import { describeStore, ManualClock } from '../../src/testing.ts'
import type { RemovalCause } from '../../src/types.ts'
import { describeBounded, FakeHeld } from './common.ts'
import { checkAgainstModel } from './model.ts'

describe('ttl', () => {
  describeBounded('ttl', ttl, { boundsNeeded: false })
  describeStore({ describe, it }, 'without bounds', () => ttl())
  describeStore({ describe, it }, 'with a ttl', () => ttl({ ttl: 3_600_000, max: 16 }))

  it('does, without deadlines, what a list in order of writing does', () => {
    checkAgainstModel(ttl, (a, b) => a.writtenAt - b.writtenAt)
  })

  it('refuses a ttl and a clock that are none', () => {
    const wrong = (options: object) => () => ttl(options)

    expect(wrong({ ttl: -1 })).to.throw(RangeError, 'ttl must be a number of milliseconds, 0 or more, but got: -1')
    expect(wrong({ ttl: NaN })).to.throw(RangeError, 'ttl must be a number of milliseconds, 0 or more, but got: NaN')
    expect(wrong({ ttl: '1' })).to.throw(TypeError, 'ttl must be a number of milliseconds, 0 or more, but got: "1"')
    expect(wrong({ clock: {} })).to.throw(
      TypeError,
      'clock must be a clock, an object with now(): ms, but got: an object',
    )
    expect(wrong({ tll: 1 })).to.throw(
      TypeError,
      /^an option of ttl must be one of max, .*, ttl, clock, but got: "tll"$/,
    )
  })

  it('does what a sorted list does, as time goes on', () => {
    const key = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f')
    const step = fc.oneof(
      {
        weight: 5,
        arbitrary: fc.record({
          do: fc.constant('set' as const),
          key,
          life: fc.oneof(fc.nat(20), fc.constant(Infinity)),
        }),
      },
      { weight: 2, arbitrary: fc.record({ do: fc.constant('touch' as const), key, life: fc.nat(30) }) },
      { weight: 3, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.nat(6) }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('delete' as const), key }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('look' as const), key }) },
    )
    fc.assert(
      fc.property(
        fc.array(step, { minLength: 60, maxLength: 140 }),
        fc.constantFrom(undefined, 2, 4),
        fc.constantFrom(undefined, 10),
        (steps, max, own) => {
          const clock = new ManualClock(1000)
          const removals: [string, RemovalCause][] = []
          const store = ttl<string, FakeHeld<string>>({
            max,
            ttl: own,
            clock,
            onRemoval: (k, _, cause) => removals.push([k, cause]),
          })
          // `booked` is the deadline that the store knows of; `until` may have grown beyond it since.
          interface Row {
            key: string
            booked: number
            until: number
            end: number
          }
          let rows: Row[] = []
          const expected: [string, RemovalCause][] = []
          const leave = (row: Row, cause: RemovalCause): void => {
            rows = rows.filter((other) => other !== row)
            expected.push([row.key, cause])
          }
          const putOff = (row: Row): boolean => {
            const later = Math.min(row.until, row.end)
            if (later <= row.booked || later <= clock.now()) return false
            rows = [...rows.filter((other) => other !== row), row]
            row.booked = later
            return true
          }
          const soonest = (): Row => rows.toSorted((a, b) => (a.booked === b.booked ? 0 : a.booked - b.booked))[0]!
          const expire = (): void => {
            while (rows.length > 0 && soonest().booked <= clock.now()) {
              const row = soonest()
              if (!putOff(row)) leave(row, 'expired')
            }
          }

          for (const one of steps) {
            if (one.do === 'wait') clock.advance(one.ms)
            expire()
            if (one.do === 'set') {
              const until = clock.now() + one.life
              const end = clock.now() + (own ?? Infinity)
              const row: Row = { key: one.key, booked: Math.min(until, end), until, end }
              const old = rows.find((other) => other.key === one.key)
              if (old) leave(old, 'replaced')
              while (rows.length >= (max ?? Infinity)) {
                const first = soonest()
                if (!putOff(first)) leave(first, 'evicted')
              }
              rows.push(row)
              const held = new FakeHeld(one.key, () => row.until - clock.now())
              store.set(one.key, held)
              // An entry that is dead already is taken in, and leaves at the next look.
              expire()
            } else if (one.do === 'touch') {
              const row = rows.find((other) => other.key === one.key)
              if (row) row.until = Math.max(row.until, clock.now() + one.life)
            } else if (one.do === 'delete') {
              const row = rows.find((other) => other.key === one.key)
              if (row) leave(row, 'invalidated')
              expect(store.delete(one.key)).to.equal(row !== undefined)
            } else if (one.do === 'look') {
              const row = rows.find((other) => other.key === one.key)
              expect(store.has(one.key)).to.equal(row !== undefined)
              expect(store.get(one.key)?.value).to.equal(row?.key)
            }
            expect(store.size).to.equal(rows.length)
            const order = rows
              .toSorted((a, b) => (a.booked === b.booked ? 0 : a.booked - b.booked))
              .map((row) => row.key)
            expect([...store.keys()]).to.deep.equal(order)
            expect(store.hottest(2).map(([k]) => k)).to.deep.equal(order.toReversed().slice(0, 2))
            expect(removals).to.deep.equal(expected)
          }
          store.clear()
        },
      ),
      { numRuns: 200 },
    )
  })

  it('never shows an entry at or after its deadline, whether a timer has run or not', () => {
    const clock = new ManualClock()
    const onRemoval = sinon.spy()
    const store = ttl<string, number>({ ttl: 10, clock, onRemoval, maxWeight: 9, weigher: (value) => value })
    const looks = [
      () => expect(store.get('a')).to.equal(undefined),
      () => expect(store.peek('a')).to.equal(undefined),
      () => expect(store.has('a')).to.equal(false),
      () => expect(store.size).to.equal(0),
      () => expect(store.weight).to.equal(0),
      () => expect([...store.keys()]).to.deep.equal([]),
      () => expect([...store]).to.deep.equal([]),
      () => expect(store.coldest(1)).to.deep.equal([]),
      () => expect(store.delete('a')).to.equal(false),
      () => store.clear(),
    ]

    for (const look of looks) {
      store.set('a', 1)
      clock.advance(9.5)
      expect(store.get('a')).to.equal(1)
      clock.advance(0.5)
      look()
    }

    expect(onRemoval.args).to.deep.equal(looks.map(() => ['a', 1, 'expired']))
  })

  it('leaves out what expires while it is iterated', () => {
    const clock = new ManualClock()
    const store = ttl({ ttl: 10, clock })
    store.set('a', 1)
    clock.advance(1)
    store.set('b', 2)

    const seen: unknown[] = []
    for (const key of store.keys()) {
      seen.push(key)
      clock.advance(10)
    }

    expect(seen).to.deep.equal(['a'])
  })

  it('expires an entry at once when its time has passed already', () => {
    const held = new FakeHeld(1, -5)
    const store = ttl({ clock: new ManualClock() })

    store.set('a', held)

    expect(store.size).to.equal(0)
    expect(held.left).to.deep.equal(['expired'])
  })

  it('evicts entries without an end last, and never waits for ever for room', () => {
    // Set into @isaacs/ttlcache, a third entry without an end never returns.
    const store = ttl({ max: 2 })
    store.set('a', 1).set('b', 2).set('c', new FakeHeld(3, 1000)).set('d', 4).set('e', 5)

    expect([...store.keys()]).to.deep.equal(['d', 'e'])
  })

  it('ends by its own ttl what would last longer, and asks again what was extended', () => {
    const clock = new ManualClock()
    const store = ttl({ ttl: 100, clock })
    let until = 30
    const held = new FakeHeld('v', () => until - clock.now())
    store.set('a', held).set('b', new FakeHeld('w', 500))

    clock.advance(20)
    until = 60
    clock.advance(20)
    expect(store.has('a')).to.equal(true)
    until = 1000
    clock.advance(59)
    expect([...store.keys()]).to.deep.equal(['b', 'a'])
    clock.advance(1)

    expect(store.size).to.equal(0)
    expect(held.left).to.deep.equal(['expired'])
  })

  it('costs the same when clocks disagree about what was extended', () => {
    const clock = new ManualClock()
    const store = ttl({ max: 200, clock })
    let asked = 0
    for (let n = 0; n < 200; n++) {
      store.set(
        n,
        new FakeHeld(n, () => {
          asked++
          return 100
        }),
      )
    }
    clock.advance(1)
    asked = 0

    store.set('new', 1)

    expect(asked).to.be.at.most(65)
    expect(store.size).to.equal(200)
  })

  for (const when of ['before', 'after'] as const) {
    it(`lets entries leave on time under timers installed ${when} it was made`, () => {
      const early = when === 'before' ? sinon.useFakeTimers() : undefined
      const onRemoval = sinon.spy()
      const store = ttl({ onRemoval, ttl: 500 })
      const timers = early ?? sinon.useFakeTimers()
      try {
        store.set('a', new FakeHeld(1, () => 200 - performance.now())).set('b', 2)
        expect(timers.countTimers()).to.be.at.least(1)

        timers.tick(199)
        expect(onRemoval.args).to.deep.equal([])
        timers.tick(3)
        expect(onRemoval.args).to.deep.equal([['a', 1, 'expired']])
        timers.tick(300)

        expect(onRemoval.args).to.deep.equal([['a', 1, 'expired'], ['b', 2, 'expired']]) // prettier-ignore
        timers.tick(5)
        expect(timers.countTimers()).to.equal(0)
      } finally {
        timers.restore()
      }
    })
  }

  it('sets no timer for what has no end, and takes it back when nothing will expire', () => {
    const clock = new ManualClock()
    const timers = sinon.useFakeTimers()
    try {
      const store = ttl({ clock, max: 2 })
      store.set('a', 1)
      expect(timers.countTimers()).to.equal(0)
      store.set('b', new FakeHeld(2, 10)).set('c', new FakeHeld(3, 20))
      expect(timers.countTimers()).to.equal(1)
      store.delete('c')
      store.delete('b')
      expect(timers.countTimers()).to.equal(0)
      store.set('c', new FakeHeld(3, 20))
      store.clear()
      expect(timers.countTimers()).to.equal(0)
    } finally {
      timers.restore()
    }
  })

  it('waits for deadlines further off than any timer', () => {
    const timers = sinon.useFakeTimers()
    try {
      const month = 30 * 24 * 3_600_000
      const onRemoval = sinon.spy()
      const store = ttl({ ttl: month, onRemoval })
      store.set('a', 1)

      timers.tick(month - 1)
      expect(onRemoval.called).to.equal(false)
      timers.tick(3)

      expect(onRemoval.args).to.deep.equal([['a', 1, 'expired']])
    } finally {
      timers.restore()
    }
  })

  it('keeps no process alive', () => {
    const unref = sinon.spy()
    const original = globalThis.setTimeout
    globalThis.setTimeout = ((...args: Parameters<typeof setTimeout>) => {
      const timer = original(...args)
      sinon.replace(timer, 'unref', () => (unref(), Object.getPrototypeOf(timer).unref.call(timer)))
      return timer
    }) as typeof setTimeout
    try {
      ttl({ clock: new ManualClock() }).set('a', new FakeHeld(1, 1000)).clear()
    } finally {
      globalThis.setTimeout = original
    }
    expect(unref.calledOnce).to.equal(true)
  })

  it('makes room with jittered deadlines in about the same time at any size', () => {
    const clock = new ManualClock()
    const time = (max: number): number => {
      const store = ttl({ max, clock })
      let n = 0
      const set = (): unknown => store.set(n, new FakeHeld(n++, 60_000 + ((n * 7919) % 10_007)))
      while (store.size < max) set()
      const started = performance.now()
      for (let times = 0; times < 20_000; times++) set()
      return performance.now() - started
    }
    time(1000)

    // Scanning every millisecond, as @isaacs/ttlcache does, would take minutes here.
    expect(time(100_000)).to.be.below(Math.max(time(1000) * 30, 2000))
  })
})
