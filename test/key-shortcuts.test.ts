import { expect } from 'chai'
import * as fc from 'fast-check'

import { isItsOwnKey, pairKey } from '../src/key-shortcuts.ts'
import { argsKey } from '../src/keys.ts'

describe('pairKey', () => {
  it('is the key of argsKey', () => {
    const argument = fc.oneof(fc.string(), fc.double(), fc.anything(), fc.constant('x'.repeat(1000)))

    fc.assert(
      fc.property(argument, argument, (first, second) => {
        let expected: unknown
        try {
          expected = argsKey(first, second)
        } catch (error) {
          expect(() => pairKey(first, second)).to.throw((error as Error).message)
          return
        }
        expect(pairKey(first, second)).to.equal(expected)
      }),
    )
  })
})

describe('isItsOwnKey', () => {
  it('is true only of what argsKey gives back', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: 'binary' }), fc.double(), fc.anything(), fc.constant('\u0091x')),
        (argument) => {
          if (isItsOwnKey(argument)) expect(argsKey(argument)).to.deep.equal(argument)
        },
      ),
    )
    expect(isItsOwnKey('\u0091')).to.equal(false)
    expect(isItsOwnKey('')).to.equal(true)
  })
})
