import { expect } from 'chai'
import * as sinon from 'sinon'
import { Held } from '../../src/held.ts'
import type { BoundOptions } from '../../src/policies/bounds.ts'
import { describeStore } from '../../src/testing.ts'
import type { Policy, RemovalCause } from '../../src/types.ts'
import { describeConsistency } from './consistency.ts'

/** An entry as the engine would put it in. */
export class FakeHeld<V> extends Held<V> {
  readonly value: V
  readonly left: RemovalCause[] = []
  /** Milliseconds that remain: a number, or what gives it at each question. */
  life: number | (() => number)

  constructor(value: V, life: number | (() => number) = Infinity) {
    super()
    this.value = value
    this.life = life
  }

  override remaining(): number {
    return typeof this.life === 'number' ? this.life : this.life()
  }

  override removed(cause: RemovalCause): void {
    this.left.push(cause)
  }
}

type Create = (options: BoundOptions<any, any>) => Policy<any, any>

/** What makes a policy with some options more, unless what it is given are no options. */
export function withOptions<E extends object>(
  create: (options: BoundOptions<any, any> & E) => Policy<any, any>,
  more: E,
): Create {
  return (options) => {
    const isRecord = typeof options === 'object' && options !== null && !Array.isArray(options)
    return create((isRecord ? { ...options, ...more } : options) as BoundOptions<any, any> & E)
  }
}

/** Declares what all policies with bounds have in common. */
export function describeBounded(
  name: string,
  create: Create,
  { boundsNeeded = true, weighs = true }: { boundsNeeded?: boolean; weighs?: boolean } = {},
): void {
  describeStore({ describe, it }, 'as any store', () => create({ max: 16 }))
  describeStore({ describe, it }, 'with no room at all', () => create({ max: 0 }), { keeps: false })
  if (weighs) {
    describeStore({ describe, it }, 'as any store, by weight', () => create({ maxWeight: 32, weigher: () => 2 }))
    describeStore({ describe, it }, 'with no room for any weight', () => create({ maxWeight: 0, weigher: () => 1 }), {
      keeps: false,
    })
  }
  describeConsistency(create, weighs)

  describe('options', () => {
    const bad: [options: unknown, error: typeof Error, message: string][] = [
      [undefined, TypeError, `the options of ${name} must be an object, but got: undefined`],
      [null, TypeError, `the options of ${name} must be an object, but got: null`],
      [3, TypeError, `the options of ${name} must be an object, but got: 3`],
      [[], TypeError, `the options of ${name} must be an object, but got: an array`],
      [{ max: -1 }, RangeError, 'max must be a positive integer, but got: -1'],
      [{ max: 1.5 }, RangeError, 'max must be a positive integer, but got: 1.5'],
      [{ max: NaN }, RangeError, 'max must be a positive integer, but got: NaN'],
      [{ max: Infinity }, RangeError, 'max must be a positive integer, but got: Infinity'],
      [{ max: '1' }, TypeError, 'max must be a positive integer, but got: "1"'],
      [{ max: null }, TypeError, 'max must be a positive integer, but got: null'],
      [{ maxWeight: -1, weigher: () => 1 }, RangeError, 'maxWeight must be a positive integer, but got: -1'],
      [{ maxWeight: 1 }, TypeError, 'weigher must be a function when maxWeight is given, but got: undefined'],
      [{ maxWeight: 1, weigher: 1 }, TypeError, 'weigher must be a function, but got: 1'],
      [
        { max: 1, weigher: () => 1 },
        TypeError,
        'maxWeight must be a positive integer when weigher is given, but got: undefined',
      ],
      [{ max: 1, onRemoval: {} }, TypeError, 'onRemoval must be a function, but got: an object'],
    ]
    if (!weighs) {
      const left = `left out: ${name} counts entries by its paper`
      bad.push(
        [{}, TypeError, 'max must be a positive integer, but got: undefined'],
        [{ max: 2, maxWeight: 5, weigher: () => 1 }, TypeError, `maxWeight must be ${left}, but got: 5`],
      )
    } else if (boundsNeeded) {
      bad.push([{}, TypeError, 'max must be a positive integer when maxWeight is not given, but got: undefined'])
    } else {
      bad.shift()
    }
    for (const [options, error, message] of bad) {
      it(`are refused: ${message}`, () => {
        expect(() => create(options as BoundOptions<any, any>)).to.throw(error, message)
      })
    }

    it('are refused when a name is not known', () => {
      const wrong = { max: 1, maxSize: 1 } as BoundOptions<any, any>

      expect(() => create(wrong)).to.throw(
        TypeError,
        new RegExp(`^an option of ${name} must be one of max, .*"maxSize"`),
      )
    })

    it('can be read from the store', () => {
      const weigher = (): number => 1

      expect(create({ max: 3 })).to.include({ max: 3, maxWeight: Infinity, size: 0, weight: 0 })
      if (!weighs) return
      expect(create({ maxWeight: 5, weigher })).to.include({ max: Infinity, maxWeight: 5, size: 0, weight: 0 })
    })
  })

  if (weighs) describeWeights(create)

  describe('what comes out', () => {
    it('is what went in: undefined, null and NaN, under keys of every kind', () => {
      const object = {}
      const symbol = Symbol('key')
      const pairs: [unknown, unknown][] = [
        [undefined, undefined], [null, null], [NaN, NaN], [object, 0], [symbol, ''], [0, false], ['', undefined],
      ] // prettier-ignore
      const store = create({ max: 16 })

      for (const [key, value] of pairs) store.set(key, value)

      for (const [key, value] of pairs) {
        expect(store.has(key)).to.equal(true)
        expect(Object.is(store.get(key), value)).to.equal(true)
        expect(Object.is(store.peek(key), value)).to.equal(true)
      }
      const found = new Map(store)
      for (const [key, value] of pairs) expect(found.has(key) && Object.is(found.get(key), value)).to.equal(true)
      expect(found.size).to.equal(pairs.length)
      expect(store.size).to.equal(pairs.length)
      for (const [key] of pairs) expect(store.delete(key)).to.equal(true)
      expect([...store]).to.deep.equal([])
    })

    it('names the key -0 as 0, to listeners too', () => {
      const keys: unknown[] = []
      const store = create({ max: 2, onRemoval: (key) => keys.push(key) })

      store.set(-0, 'a')
      keys.push(...store.keys())
      store.delete(-0)

      expect(keys.map((key) => Object.is(key, 0))).to.deep.equal([true, true])
    })

    it('leaves out what has gone since iteration began, and is in no danger from what is done meanwhile', () => {
      const store = create({ max: 4 })
      store.set('a', 1).set('b', 2).set('c', 3).set('d', 4)
      const seen: unknown[] = []

      for (const key of store.keys()) {
        seen.push(key)
        store.get('a')
        store.delete('a')
        store.delete('c')
        store.set('c', 5)
      }

      expect(new Set(seen).size).to.equal(seen.length)
      expect(seen).to.include('b').and.to.include('d')
      expect([...store.values()]).to.have.members([2, 4, 5])
    })
  })

  describe('removals', () => {
    it('are told with their causes', () => {
      const onRemoval = sinon.spy()
      const store = create({ max: 1, onRemoval })

      store.set('a', 1).set('a', 2).set('b', undefined)
      store.delete('b')
      store.set('c', 3).delete('c', 'expired')
      store.set('d', 4).clear()
      store.clear()

      expect(onRemoval.args).to.deep.equal([
        ['a', 1, 'replaced'],
        ['a', 2, 'evicted'],
        ['b', undefined, 'invalidated'],
        ['c', 3, 'expired'],
        ['d', 4, 'invalidated'],
      ])
    })

    it('are none when the identical value is set again', () => {
      const onRemoval = sinon.spy()
      const held = new FakeHeld({})
      const store = create({ max: 1, onRemoval })

      store.set('a', held).set('a', held)

      expect(onRemoval.called).to.equal(false)
      expect(held.left).to.deep.equal([])
    })

    it('are told to the entry, once and before the listener, which is given the cached value', () => {
      const first = new FakeHeld('first')
      const second = new FakeHeld('second')
      const told: unknown[] = []
      const store = create({ max: 1, onRemoval: (key, value, cause) => told.push([key, value, cause, ...first.left]) })

      store.set('a', first).set('b', second)
      store.clear()

      expect(told).to.deep.equal([['a', 'first', 'evicted', 'evicted'], ['b', 'second', 'invalidated', 'evicted']]) // prettier-ignore
      expect(first.left).to.deep.equal(['evicted'])
      expect(second.left).to.deep.equal(['invalidated'])
    })

    it('are told to the entry when there is no listener', () => {
      const held = new FakeHeld(1)
      const store = create({ max: 1 })

      store.set('a', held).set('b', new FakeHeld(2))

      expect(held.left).to.deep.equal(['evicted'])
    })

    it('find the store whole, and may use it', () => {
      const told: unknown[] = []
      const store: Policy<any, any> = create({
        max: 2,
        onRemoval: (key, _value, cause) => {
          told.push([key, cause, store.size <= 2, store.has(key)])
          if (key === 'a') store.set('x', 0)
          if (key === 'x') store.clear()
        },
      })

      store.set('a', 1).set('b', 2)
      store.delete('a')
      store.delete('x')

      expect(told).to.deep.equal([
        ['a', 'invalidated', true, false],
        ['x', 'invalidated', true, false],
        ['b', 'invalidated', true, false],
      ])
      expect([...store]).to.deep.equal([])
    })

    it('may set the overwritten key again', () => {
      let left = 3
      const store: Policy<any, any> = create({
        max: 2,
        onRemoval: (key) => {
          if (left-- > 0) store.set(key, left)
        },
      })

      store.set('a', 'old').set('a', 'new')

      expect(store.size).to.equal(1)
      expect(store.get('a')).to.equal(0)
    })

    it('are not disturbed by a listener that throws', () => {
      const emitWarning = sinon.stub(process, 'emitWarning')
      try {
        const onRemoval = sinon.stub().throws(new Error('listener'))
        const store = create({ max: 1, onRemoval })

        store.set('a', 1).set('b', 2).set('c', 3)

        expect([...store]).to.deep.equal([['c', 3]])
        expect(onRemoval.callCount).to.equal(2)
        expect(emitWarning.args.map(([warning]) => (warning as Error).message)).to.deep.equal([
          'a failure that no caller sees: listener',
          'a failure that no caller sees: listener',
        ])
      } finally {
        emitWarning.restore()
      }
    })
  })
}

function describeWeights(create: Create): void {
  describe('weights', () => {
    for (const wrong of [0, -1, 1.5, NaN, Infinity, '1', undefined]) {
      it(`are refused when they are ${String(wrong)}, and the store stays as it was`, () => {
        const onRemoval = sinon.spy()
        const store = create({ maxWeight: 3, weigher: (value) => (value === 'bad' ? wrong : 1) as number, onRemoval })
        store.set('a', 1).set('b', 2).set('c', 3)
        const before = [...store]

        const form = /^the weight from weigher must be a positive integer, but got: /
        expect(() => store.set('a', 'bad')).to.throw(typeof wrong === 'number' ? RangeError : TypeError, form)
        expect(() => store.set('d', 'bad')).to.throw(form)

        expect([...store]).to.deep.equal(before)
        expect(store.weight).to.equal(3)
        expect(onRemoval.called).to.equal(false)
      })
    }

    it("are refused with the weigher's own error when it throws", () => {
      const error = new Error('cannot weigh')
      const store = create({
        maxWeight: 3,
        weigher: () => {
          throw error
        },
      })

      expect(() => store.set('a', 1))
        .to.throw()
        .that.equals(error)
      expect(store.size).to.equal(0)
    })

    it('may be given by a weigher that uses the store itself', () => {
      const store: Policy<any, any> = create({
        maxWeight: 3,
        weigher: (value) => {
          if (value === 'outer') store.clear()
          if (value === 'outer') store.set('a', 'inner').set('c', 'inner')
          return 1
        },
      })
      store.set('a', 'old').set('b', 'old')

      store.set('a', 'outer')

      expect(new Map(store)).to.deep.equal(new Map([['c', 'inner'], ['a', 'outer']])) // prettier-ignore
      expect(store.size).to.equal(2)
      expect(store.weight).to.equal(2)
    })

    it('are those of the cached value and its key', () => {
      const weigher = sinon.spy((value: string, _key: string) => value.length)
      const store = create({ maxWeight: 10, weigher })

      store.set('k', new FakeHeld('four'))

      expect(weigher.args).to.deep.equal([['four', 'k']])
      expect(store.weight).to.equal(4)
    })

    it('let nothing be kept that is heavier than all room, and the older value leaves as replaced', () => {
      const onRemoval = sinon.spy()
      const store = create({ maxWeight: 3, weigher: (value) => value, onRemoval })
      store.set('a', 1).set('b', 2)

      store.set('a', 4).set('c', 9)

      expect([...store]).to.deep.equal([['b', 2]])
      expect(onRemoval.args).to.deep.equal([['a', 1, 'replaced']])
    })

    it('are taken anew when the identical value is set again', () => {
      const onRemoval = sinon.spy()
      const list = [1]
      const store = create({ maxWeight: 3, weigher: (value: number[]) => value.length, onRemoval })
      store.set('a', list)

      list.push(2)
      store.set('a', list)
      expect(store.weight).to.equal(2)
      list.push(3)
      store.set('b', [1]).set('a', list)

      expect(store.weight).to.equal(3)
      expect([...store.keys()]).to.deep.equal(['a'])
      expect(onRemoval.args).to.deep.equal([['b', [1], 'evicted']])
    })
  })
}
