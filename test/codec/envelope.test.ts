import assert from 'node:assert/strict'
import { crc32 } from 'node:zlib'

import { expect } from 'chai'
import fc from 'fast-check'

import { EntryTooLargeError, Envelope } from '../../src/codec/envelope.ts'
import { UnfitValueError } from '../../src/codec/survey.ts'

const text = 'the same again and again. '.repeat(200)

/** The bytes with another header, and a checksum that fits it. */
function forged(bytes: Uint8Array, change: (copy: Buffer) => void): Buffer {
  const copy = Buffer.from(bytes)
  change(copy)
  copy.writeUInt32LE(crc32(copy.subarray(8), crc32(copy.subarray(0, 4))), 4)
  return copy
}

describe('Envelope', () => {
  const plain = new Envelope()
  const small = new Envelope({ compressAbove: 100 })

  for (const [name, envelope] of Object.entries({ plain, compressing: small })) {
    it(`opens what it sealed (${name})`, () => {
      fc.assert(
        fc.property(fc.anything({ withMap: true, withSet: true, withBigInt: true }), (value) => {
          assert.deepStrictEqual(envelope.open(envelope.seal({ kind: 'value', value })), {
            kind: 'value',
            value: structuredClone(value),
          })
        }),
      )
    })

    it(`gives the same or nothing when any bytes were changed or cut off (${name})`, () => {
      const content = { kind: 'value', value: { text, list: [1, 2n, new Date(3)] } } as const
      const sealed = envelope.seal(content)
      fc.assert(
        fc.property(
          fc.array(fc.tuple(fc.nat(sealed.length - 1), fc.nat(255)), { maxLength: 4 }),
          fc.nat(sealed.length),
          (changes, length) => {
            const bytes = Uint8Array.from(sealed)
            for (const [at, byte] of changes) bytes[at] = byte

            const opened = envelope.open(bytes.subarray(0, length))

            if (opened.kind !== 'unreadable') assert.deepStrictEqual(opened, content)
          },
        ),
        { numRuns: 1000 },
      )
    })

    it(`notices every single flip of a bit (${name})`, () => {
      const sealed = envelope.seal({ kind: 'value', value: ['short', 1] })
      for (let bit = 0; bit < sealed.length * 8; bit++) {
        const bytes = Uint8Array.from(sealed)
        bytes[bit >> 3]! ^= 1 << (bit & 7)

        expect(envelope.open(bytes).kind).to.equal('unreadable')
      }
    })
  }

  it('tells a failure from a value', () => {
    const opened = plain.open(plain.seal({ kind: 'failure', value: new Error('no such user') }))

    expect(opened.kind).to.equal('failure')
    expect(opened).to.have.property('value').that.is.instanceOf(Error)
  })

  it('compresses what is large, and only where that makes it smaller', () => {
    const large = plain.seal({ kind: 'value', value: text })
    const compressed = small.seal({ kind: 'value', value: text })
    const random = Uint8Array.from({ length: 400 }, (_, index) => (index * index * 7919) % 251)

    expect(compressed.length).to.be.lessThan(large.length / 5)
    expect(plain.open(compressed)).to.deep.equal({ kind: 'value', value: text })
    expect(small.seal({ kind: 'value', value: random }).length).to.be.at.most(
      plain.seal({ kind: 'value', value: random }).length,
    )
  })

  it('leaves entries of another schema version behind, whichever is the newer', () => {
    const first = new Envelope({ schemaVersion: 1 })
    const second = new Envelope({ schemaVersion: 2 })

    expect(second.open(first.seal({ kind: 'value', value: 1 }))).to.deep.equal({ kind: 'unreadable', why: 'schema' })
    expect(first.open(second.seal({ kind: 'value', value: 1 }))).to.deep.equal({ kind: 'unreadable', why: 'schema' })
    expect(second.open(second.seal({ kind: 'value', value: 1 })).kind).to.equal('value')
  })

  const sealed = plain.seal({ kind: 'value', value: text })
  for (const [name, bytes, why] of [
    ['no bytes', new Uint8Array(), 'foreign'],
    ['a text', Buffer.from('{"value": 1, "expires": 1234567890}'), 'foreign'],
    ['another version of the header', forged(sealed, (copy) => (copy[2] = 9)), 'version'],
    ['bytes cut off', sealed.subarray(0, -1), 'damaged'],
    ['bytes behind the end', Buffer.concat([sealed, Buffer.from('x')]), 'damaged'],
    ['another length', forged(sealed, (copy) => copy.writeUInt32LE(1, 12)), 'damaged'],
    ['a length beyond all bounds', forged(sealed, (copy) => copy.writeUInt32LE(2 ** 32 - 1, 12)), 'damaged'],
    ['bytes that are not compressed', forged(sealed, (copy) => (copy[3] = 1)), 'codec'],
    ['a payload of another codec', forged(sealed, (copy) => copy.fill(7, 16)), 'codec'],
    [
      'compressed bytes that unfold into more than they say',
      forged(small.seal({ kind: 'value', value: text }), (copy) => copy.writeUInt32LE(50, 12)),
      'codec',
    ],
  ] as const) {
    it(`does not believe ${name}`, () => {
      expect(plain.open(bytes)).to.deep.equal({ kind: 'unreadable', why })
    })
  }

  it('keeps nothing that is larger than maxEntryBytes, before it is compressed', () => {
    const tight = new Envelope({ maxEntryBytes: 1000, compressAbove: 100 })

    expect(() => tight.seal({ kind: 'value', value: text })).to.throw(EntryTooLargeError, /takes \d+ bytes.* is 1000/)
    expect(tight.open(sealed)).to.deep.equal({ kind: 'unreadable', why: 'damaged' })
  })

  it('uses the codec that it is given', () => {
    const codec = {
      encode: (value: unknown) => Buffer.from(JSON.stringify(value)),
      decode: (bytes: Uint8Array) => JSON.parse(Buffer.from(bytes).toString()) as unknown,
    }
    const json = new Envelope({ codec })

    expect(json.open(json.seal({ kind: 'value', value: { a: [1] } }))).to.deep.equal({
      kind: 'value',
      value: { a: [1] },
    })
    expect(json.open(sealed)).to.deep.equal({ kind: 'unreadable', why: 'codec' })
  })

  it('says what it cannot write', () => {
    expect(() => plain.seal({ kind: 'value', value: () => 1 })).to.throw(UnfitValueError)
  })

  for (const [options, message] of [
    [{ codec: {} }, 'codec must be an object with encode(value) and decode(bytes), but got: an object'],
    [{ schemaVersion: -1 }, 'schemaVersion must be an integer from 0 to 4294967295, but got: -1'],
    [{ maxEntryBytes: 0 }, 'maxEntryBytes must be a positive integer, but got: 0'],
    [{ compressAbove: 0.5 }, 'compressAbove must be a positive integer, but got: 0.5'],
  ] as const) {
    it(`says: ${message}`, () => {
      expect(() => new Envelope(options as never)).to.throw(message)
    })
  }
})
