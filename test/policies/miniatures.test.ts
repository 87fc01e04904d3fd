import { expect } from 'chai'
import { boundsOf } from '../../src/policies/bounds.ts'
import { lru } from '../../src/policies/lru.ts'
import { Miniatures } from '../../src/policies/miniatures.ts'
import { TinyLfu } from '../../src/policies/tiny-lfu.ts'
import { seededRandom } from '../../src/random.ts'

const room = 40

/** Numbers in the place of hashes, some of them popular. */
function requests(count: number): number[] {
  const random = seededRandom(9)
  return Array.from({ length: count }, () => (Math.floor(1_000 * random() ** 3) * 0x9e3779b1) | 0)
}

describe('miniatures', () => {
  it('with all room for the window are least-recently-used stores', () => {
    const miniatures = new Miniatures(room, [1])
    const store = lru<number, number>({ max: room })

    for (const hash of requests(5_000)) {
      const isHit = store.get(hash) !== undefined
      if (!isHit) store.set(hash, 1)
      expect(miniatures.request(hash)).to.equal(isHit ? 1 : 0)
    }
  })

  it('do about what stores with their windows do, each for itself', () => {
    const shares = [0.02, 0.3, 1]
    const miniatures = new Miniatures(room, shares)
    const stores = shares.map((share) => {
      return new TinyLfu<number, number>(boundsOf('tinyLfu', { max: room }), undefined, false, share, seededRandom(1))
    })
    const hits = [0, 0, 0]
    const known = [0, 0, 0]

    const trace = requests(20_000)
    for (const hash of trace) {
      const bits = miniatures.request(hash)
      for (const [at, store] of stores.entries()) {
        hits[at]! += (bits >> at) & 1
        if (store.get(hash) === undefined) store.set(hash, 1)
        else known[at]!++
      }
    }

    for (const at of shares.keys()) expect(hits[at]! / trace.length).to.be.closeTo(known[at]! / trace.length, 0.02)
  })

  it('know nothing after they were cleared', () => {
    const miniatures = new Miniatures(room, [0.1, 1])
    for (const hash of requests(500)) miniatures.request(hash)

    miniatures.clear()

    expect(miniatures.request(7)).to.equal(0)
    expect(miniatures.request(7)).to.equal(3)
  })
})
