import { expect } from 'chai'
import * as fc from 'fast-check'

import { seededRandom } from '../src/random.ts'
import { listText, MARKER, maxDepth, maxLength, maxValues, primitiveText, type Primitive } from '../src/text.ts'
import type { Random } from '../src/types.ts'
import { structurallyEqual } from './structural-equality.ts'

class Point {
  x: unknown
  y: unknown
  constructor(x: unknown, y: unknown) {
    this.x = x
    this.y = y
  }
}

class Vector extends Point {}

class Tally extends Map<unknown, unknown> {
  total: unknown = 0
}

class NotFound extends Error {
  override name = 'NotFound'
}

function text(...values: unknown[]): string {
  return listText(values, (index) => `argument ${index + 1}`)
}

/** Any value that has a text. */
const keyable = fc.anything({
  maxDepth: 3,
  withBigInt: true,
  withBoxedValues: true,
  withDate: true,
  withMap: true,
  withNullPrototype: true,
  withObjectString: true,
  withSet: true,
  withSparseArray: true,
  withTypedArray: true,
  withUnicodeString: true,
  values: [
    fc.boolean(),
    fc.integer({ min: -2, max: 12 }),
    fc.double(),
    fc.bigInt({ min: -3n, max: 3n }),
    fc.string({ maxLength: 4 }),
    fc.constantFrom(null, undefined, Number.NaN, 0, -0, '', '0', MARKER, `${MARKER}s1:a`, '1;', 's0:', '{', ']', 'u'),
    fc.webUrl().map((url) => new URL(url)),
    fc.string().map((query) => new URLSearchParams(query)),
    fc
      .tuple(fc.constantFrom('a', 'a+', '/'), fc.constantFrom('', 'g', 'gi', 'dgimsuy', 'v'), fc.nat(2))
      .map(([source, flags, lastIndex]) => Object.assign(new RegExp(source, flags), { lastIndex })),
    fc.string({ maxLength: 2 }).map((message) => new Error(message)),
    fc.string({ maxLength: 2 }).map((message) => new TypeError(message, { cause: message })),
    fc.string({ maxLength: 2 }).map((message) => new NotFound(message)),
    fc.array(fc.integer({ max: 1, min: 0 }), { maxLength: 2 }).map((errors) => new AggregateError(errors, 'many')),
    fc.tuple(fc.integer({ min: 0, max: 2 }), fc.boolean()).map(([x, y]) => new Point(x, y)),
    fc.tuple(fc.integer({ min: 0, max: 2 }), fc.boolean()).map(([x, y]) => new Vector(x, y)),
    fc.tuple(fc.nat(2), fc.nat(2)).map(([a, b]) => Object.assign(new Tally([[a, b]]), { total: b })),
    fc.uint8Array({ maxLength: 3 }).map((bytes) => bytes.slice().buffer),
    fc.uint8Array({ maxLength: 3 }).map((bytes) => new DataView(bytes.slice().buffer)),
    fc.uint8Array({ maxLength: 3 }).map((bytes) => Buffer.from(bytes)),
    fc.nat(2).map((added) => Object.assign(new Date(0), { added })),
    fc.nat(2).map((added) => Object.assign([1, 2], { added })),
    fc.constantFrom(Object(1n), Object(''), Object('1'), Object(1), Object(true), new Date(Number.NaN)),
  ] as fc.Arbitrary<unknown>[],
})

/** Another leaf in the place of this one. */
function otherLeaf(leaf: unknown, random: Random): unknown {
  const others: unknown[] = [undefined, null, 0, '', [], {}, new Map(), String(leaf as Primitive), [leaf], { x: leaf }]
  if (typeof leaf === 'string') others.push(`${leaf}x`, leaf.slice(1), Object(leaf))
  if (typeof leaf === 'number') others.push(leaf + 1, -leaf, `${leaf}`, Number.isSafeInteger(leaf) ? BigInt(leaf) : 0)
  return others[Math.floor(random() * others.length)]
}

/**
 * The same value made anew with its properties and members in another order.
 *
 * @param toLeave how many leaves are left as they are before one is changed
 */
function rebuilt(value: unknown, random: Random, toLeave: { count: number }): unknown {
  const again = (part: unknown): unknown => rebuilt(part, random, toLeave)
  if (typeof value !== 'object' || value === null) {
    return toLeave.count-- === 0 ? otherLeaf(value, random) : value
  }
  if (Array.isArray(value)) return inOrder(value, value.slice(0, 0), Object.keys(value), again, value.length)
  if (value instanceof Tally) {
    return Object.assign(new Tally(shuffled([...value], random)), { total: again(value.total) })
  }
  if (value instanceof Map) {
    return new Map(shuffled([...value], random).map(([key, item]) => [again(key), again(item)] as const))
  }
  if (value instanceof Set) return new Set(shuffled([...value], random).map(again))
  const prototype = Object.getPrototypeOf(value) as object | null
  if (prototype === null || prototype === Object.prototype) {
    const target = random() < 0.5 ? {} : (Object.create(null) as object)
    return inOrder(value, target, shuffled(Object.keys(value), random), again)
  }
  if (value instanceof Point) {
    const target = random() < 0.5 ? new Point(0, 0) : {}
    return inOrder(value, target, shuffled(['x', 'y'], random), again)
  }
  return value
}

function inOrder(
  value: object,
  target: object,
  names: readonly string[],
  again: (part: unknown) => unknown,
  length?: number,
): object {
  if (length !== undefined) (target as unknown[]).length = length
  for (const name of names) {
    const part = again((value as Record<string, unknown>)[name])
    Object.defineProperty(target, name, { value: part, writable: true, enumerable: true, configurable: true })
  }
  return target
}

function shuffled<T>(values: readonly T[], random: Random): T[] {
  return values
    .map((value) => [random(), value] as const)
    .toSorted(([a], [b]) => a - b)
    .map(([, value]) => value)
}

/** Two lists of arguments: equal but made apart, equal but for one leaf, grouped in another way, or unrelated. */
const pairs = fc
  .tuple(
    fc.array(keyable, { maxLength: 3 }),
    fc.array(keyable, { maxLength: 3 }),
    fc.constantFrom('alike', 'alike', 'near', 'near', 'near', 'grouped', 'unrelated'),
    fc.nat(),
  )
  .map(([a, b, how, seed]): [unknown[], unknown[]] => {
    const random = seededRandom(seed)
    switch (how) {
      case 'alike':
        return [a, rebuilt(a, random, { count: -1 }) as unknown[]]
      case 'near':
        return [a, rebuilt(a, random, { count: seed % 6 }) as unknown[]]
      case 'grouped':
        return [a, seed % 2 === 0 ? [a] : [...a, undefined]]
      default:
        return [a, b]
    }
  })

describe('listText', () => {
  it('gives two lists one text exactly when they are structurally equal', function () {
    this.timeout(120_000)
    const met = { equal: 0, different: 0 }

    fc.assert(
      fc.property(pairs, ([a, b]) => {
        const equal = structurallyEqual(a, b)
        met[equal ? 'equal' : 'different']++
        expect(text(...a) === text(...b)).to.equal(equal)
      }),
      { numRuns: 8_000 },
    )

    expect(met.equal).to.be.greaterThan(1_000)
    expect(met.different).to.be.greaterThan(1_000)
  })

  it('cannot be forged by strings that are made of texts', () => {
    fc.assert(
      fc.property(pairs, fc.nat(), ([a, b], cut) => {
        const forged = [text(...b), text(...b).slice(1), text(...b).slice(cut % 9)]
        for (const list of [forged, [forged], ...forged.map((one) => [one]), ...forged.map((one) => a.concat(one))]) {
          expect(text(...list) === text(...a)).to.equal(structurallyEqual(list, a))
          expect(text(...list) === text(...b)).to.equal(structurallyEqual(list, b))
        }
      }),
      { numRuns: 2_000 },
    )
  })

  it('starts with the marker and with nothing that a text of a primitive starts with', () => {
    const primitives: Primitive[] = ['', 'a', 0, -1, Number.NaN, 1n, true, false, null, undefined]

    for (const primitive of primitives) expect(primitiveText(primitive)).to.not.match(/^\u0091/)
    expect(text()).to.equal(MARKER)
    expect(text('a', 1)).to.equal(`${MARKER}${primitiveText('a')}${primitiveText(1)}`)
  })

  it('keeps the counts of a key apart from those of a key made by a getter inside it', () => {
    const half = Array.from({ length: maxValues / 2 }, () => 0)
    const value = {
      a: half,
      get b() {
        return text(half)
      },
      c: half,
    }

    expect(() => text(value)).to.throw('argument 1 has more than')
  })

  it('goes down to the deepest level and no further', () => {
    const nested = (levels: number): unknown => (levels === 0 ? 1 : { a: nested(levels - 1) })

    expect(text(nested(maxDepth))).to.be.a('string')
    expect(() => text(nested(maxDepth + 1))).to.throw('argument 1 has more than 1000 levels in it')
  })

  it('refuses a text of too many characters', () => {
    const long = 'x'.repeat(maxLength / 2)

    expect(() => text(long, long)).to.throw('the key has more than 16777216 characters in it')
    expect(() => text(new Set([[long, long]]))).to.throw('argument 1 has more than 16777216 characters in it')
  })
})

describe('primitiveText', () => {
  it('is one exactly for primitives that are one, and is the end of no other', () => {
    const primitive = fc.oneof(
      fc.string({ maxLength: 3 }),
      fc.integer({ min: -3, max: 30 }),
      fc.double(),
      fc.bigInt({ min: -3n, max: 30n }),
      fc.constantFrom(true, false, null, undefined, 0, -0, Number.NaN, '1;', 's1:', 'b1;'),
    ) as fc.Arbitrary<Primitive>

    fc.assert(
      fc.property(primitive, primitive, (a, b) => {
        const [first, second] = [primitiveText(a), primitiveText(b)]
        expect(first === second).to.equal(structurallyEqual(a, b))
        if (first !== second) expect(first.startsWith(second)).to.equal(false)
      }),
      { numRuns: 5_000 },
    )
  })
})
