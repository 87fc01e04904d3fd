import { expect } from 'chai'
import * as fc from 'fast-check'
import * as sinon from 'sinon'
import { tlru } from '../../src/policies/tlru.ts'
import { describeStore, ManualClock } from '../../src/testing.ts'
import type { RemovalCause } from '../../src/types.ts'
import { describeBounded, FakeHeld, withOptions } from './common.ts'
import { checkAgainstModel } from './model.ts'

const never = (): number => Infinity

describe('tlru', () => {
  describeBounded('tlru', withOptions(tlru, { ttu: never }))
  describeStore({ describe, it }, 'with ends', () => tlru({ max: 16, ttu: (_key, _value, now) => now + 3_600_000 }))

  it('does, without ends, what a list in order of use does', () => {
    checkAgainstModel(withOptions(tlru, { ttu: never }), (a, b) => a.usedAt - b.usedAt)
  })

  it('refuses a ttu and a clock that are none', () => {
    const wrong = (options: object) => () => tlru({ max: 1, ...options } as Parameters<typeof tlru>[0])

    expect(wrong({})).to.throw(TypeError, 'ttu must be a function, but got: undefined')
    expect(wrong({ ttu: 60_000 })).to.throw(TypeError, 'ttu must be a function, but got: 60000')
    expect(wrong({ ttu: never, clock: 1 })).to.throw(TypeError, 'clock must be a clock, an object with now(): ms')
  })

  it('asks for the end of each cached value, with its key and the time', () => {
    const clock = new ManualClock(7)
    const ttu = sinon.stub().returns(10)
    const store = tlru({ max: 2, ttu, clock })

    store.set('a', new FakeHeld('value'))

    expect(ttu.args).to.deep.equal([['a', 'value', 7]])
  })

  it('lets each entry go at its own end, and the least recently used where room is needed', () => {
    const clock = new ManualClock()
    const onRemoval = sinon.spy()
    const store = tlru<string, number>({ max: 3, ttu: (_key, value, now) => now + value, clock, onRemoval })

    store.set('a', 10).set('b', 30).set('c', 20)
    store.get('a')
    store.set('d', 40)
    clock.advance(10)
    expect([...store.keys()]).to.deep.equal(['c', 'd'])
    clock.advance(10)
    store.set('d', 5)
    clock.advance(5)

    expect(store.size).to.equal(0)
    expect(onRemoval.args).to.deep.equal([
      ['b', 30, 'evicted'],
      ['a', 10, 'expired'],
      ['c', 20, 'expired'],
      ['d', 40, 'replaced'],
      ['d', 5, 'expired'],
    ])
  })

  it('keeps nothing that has ended already, nor what that was to replace', () => {
    const clock = new ManualClock(100)
    const onRemoval = sinon.spy()
    const store = tlru<string, number>({ max: 2, ttu: (_key, value) => value, clock, onRemoval })
    store.set('a', 200).set('b', 200)

    store.set('a', 100).set('c', 99).set('d', -Infinity)

    expect([...store]).to.deep.equal([['b', 200]])
    expect(onRemoval.args).to.deep.equal([['a', 200, 'replaced']])
  })

  for (const wrong of [NaN, undefined, '10', null, 10n]) {
    it(`refuses an end that is ${typeof wrong} ${String(wrong)}, and stays as it was`, () => {
      const onRemoval = sinon.spy()
      const store = tlru({ max: 2, ttu: (_key, value) => (value === 'bad' ? wrong : Infinity) as number, onRemoval })
      store.set('a', 1).set('b', 2)
      const message = /^the time from ttu must be an instant of the clock in milliseconds, or Infinity, but got: /

      expect(() => store.set('a', 'bad')).to.throw(typeof wrong === 'number' ? RangeError : TypeError, message)
      expect(() => store.set('c', 'bad')).to.throw(message)

      expect([...store]).to.deep.equal([['a', 1], ['b', 2]]) // prettier-ignore
      expect(onRemoval.called).to.equal(false)
    })
  }

  it("stays as it was when ttu throws, and throws ttu's own error", () => {
    const error = new Error('no end')
    const store = tlru<string, number>({
      max: 2,
      ttu: (_key, value) => {
        if (value === 0) throw error
        return Infinity
      },
    })
    store.set('a', 1)

    expect(() => store.set('a', 0))
      .to.throw()
      .that.equals(error)
    expect([...store]).to.deep.equal([['a', 1]])
  })

  it('may ask a ttu that uses the store itself', () => {
    const clock = new ManualClock()
    const store = tlru<string, number>({
      max: 2,
      ttu: (key, value, now) => {
        if (key === 'outer') store.set('inner', 5).set('other', 7)
        return now + value
      },
      clock,
    })

    store.set('outer', 10)

    expect([...store.keys()]).to.deep.equal(['other', 'outer'])
    clock.advance(7)
    expect([...store.keys()]).to.deep.equal(['outer'])
    clock.advance(3)
    expect(store.size).to.equal(0)
  })

  it('ends an entry that ends sooner by itself, and asks again what was extended', () => {
    const clock = new ManualClock()
    let until = 30
    const held = new FakeHeld('v', () => until - clock.now())
    const store = tlru({ max: 2, ttu: () => 100, clock })
    store.set('a', held)

    until = 1000
    clock.advance(99)
    expect(store.has('a')).to.equal(true)
    clock.advance(1)

    expect(store.has('a')).to.equal(false)
    expect(held.left).to.deep.equal(['expired'])
  })

  it('lets entries leave on time without being asked', () => {
    const timers = sinon.useFakeTimers()
    try {
      const onRemoval = sinon.spy()
      const store = tlru({ max: 2, ttu: (_key, _value, now) => now + 200, onRemoval })
      store.set('a', 1)

      timers.tick(199)
      expect(onRemoval.called).to.equal(false)
      timers.tick(3)

      expect(onRemoval.args).to.deep.equal([['a', 1, 'expired']])
      expect(timers.countTimers()).to.equal(0)
    } finally {
      timers.restore()
    }
  })

  it('does what a list does, as time goes on', () => {
    const key = fc.constantFrom('a', 'b', 'c', 'd', 'e', 'f')
    const step = fc.oneof(
      { weight: 5, arbitrary: fc.record({ do: fc.constant('set' as const), key, life: fc.integer({ min: -1, max: 20 }) }) }, // prettier-ignore
      { weight: 3, arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.nat(6) }) },
      { weight: 3, arbitrary: fc.record({ do: fc.constant('get' as const), key }) },
      { weight: 1, arbitrary: fc.record({ do: fc.constant('delete' as const), key }) },
    )
    fc.assert(
      fc.property(fc.array(step, { minLength: 60, maxLength: 140 }), (steps) => {
        const clock = new ManualClock()
        const removals: [string, RemovalCause][] = []
        const store = tlru<string, { life: number }>({
          max: 3,
          ttu: (_key, { life }, now) => now + life,
          clock,
          onRemoval: (k, _value, cause) => removals.push([k, cause]),
        })
        // In order of use, with the number of the step that set the end.
        let rows: { key: string; end: number; setAt: number }[] = []
        const expected: [string, RemovalCause][] = []
        const leave = (row: (typeof rows)[number], cause: RemovalCause): void => {
          rows = rows.filter((other) => other !== row)
          expected.push([row.key, cause])
        }

        for (const [at, one] of steps.entries()) {
          const row = one.do === 'wait' ? undefined : rows.find((other) => other.key === one.key)
          if (one.do === 'wait') {
            clock.advance(one.ms)
            const ended = rows.filter(({ end }) => end <= clock.now())
            for (const each of ended.toSorted((a, b) => a.end - b.end || a.setAt - b.setAt)) leave(each, 'expired')
          } else if (one.do === 'get') {
            expect(store.get(one.key) !== undefined).to.equal(row !== undefined)
            if (row) rows = [...rows.filter((other) => other !== row), row]
          } else if (one.do === 'delete') {
            expect(store.delete(one.key)).to.equal(row !== undefined)
            if (row) leave(row, 'invalidated')
          } else {
            if (row) leave(row, 'replaced')
            if (one.life > 0 && rows.length === 3) leave(rows[0]!, 'evicted')
            if (one.life > 0) rows.push({ key: one.key, end: clock.now() + one.life, setAt: at })
            store.set(one.key, { life: one.life })
          }
          expect([...store.keys()]).to.deep.equal(rows.map((each) => each.key))
          expect(removals).to.deep.equal(expected)
        }
      }),
      { numRuns: 200 },
    )
  })
})
