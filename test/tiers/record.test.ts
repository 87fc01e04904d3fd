import { expect } from 'chai'
import fc from 'fast-check'

import { decodeRecord, encodeRecord, entryAt, recordId } from '../../src/tiers/record.ts'
import { newToken, placeText, wellFormed } from '../../src/tiers/token.ts'

const heads = fc.record({
  sequence: fc.double({ noNaN: true }),
  storedAt: fc.double({ noNaN: true }),
  freshUntil: fc.double({ noNaN: true }),
  staleFor: fc.double({ noNaN: true, min: 0 }),
  stamp: fc.constant(0).map(newToken),
  tags: fc.array(fc.string({ unit: 'grapheme' })),
})
const payloads = fc.uint8Array()

describe('a record', () => {
  it('comes back as it was written', () => {
    fc.assert(
      fc.property(heads, payloads, (head, payload) => {
        const record = encodeRecord(head, payload)
        const { bytes, id, stamp, ...rest } = decodeRecord(record)!

        expect({ ...rest, stamp }).to.deep.equal(head)
        expect([...bytes]).to.deep.equal([...payload])
        expect(id).to.equal(recordId(record))
      }),
    )
  })

  it('is none when anything before its payload was changed or cut off', () => {
    fc.assert(
      fc.property(heads, payloads, fc.nat(), fc.integer({ min: 1, max: 255 }), (head, payload, place, change) => {
        const record = encodeRecord(head, payload)
        const start = record.length - payload.length
        record[place % start]! ^= change

        expect(decodeRecord(record)).to.equal(undefined)
        expect(decodeRecord(encodeRecord(head, payload).subarray(0, place % start))).to.equal(undefined)
      }),
    )
  })

  it('has an age and a life that is left, at a time', () => {
    const head = { sequence: 1, storedAt: 100, freshUntil: 150, staleFor: 30, stamp: newToken(), tags: [] }
    const record = decodeRecord(encodeRecord(head, Buffer.from('x')))!

    expect(entryAt(record, 120)).to.include({ age: 20, freshFor: 30, staleFor: 30 })
    expect(entryAt(record, 160)).to.include({ age: 60, freshFor: -10 })
  })
})

describe('the name of a key in a space', () => {
  const texts = fc.oneof(
    fc.string({ unit: 'binary' }),
    fc.constantFrom('\ud800', '\udc00a', '\u0092', '\u0092j"a"', ':', '%'),
  )

  it('is another for every other key or space', () => {
    fc.assert(
      fc.property(texts, texts, texts, texts, (space, key, otherSpace, otherKey) => {
        fc.pre(space !== otherSpace || key !== otherKey)

        expect(placeText(space, key)).to.not.equal(placeText(otherSpace, otherKey))
      }),
    )
  })

  it('is the same after a way through UTF-8', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const name = wellFormed(text)
        expect(Buffer.from(name).toString()).to.equal(name)
      }),
    )
  })
})
