/**
 * The stores that policies are measured beside, and how each is made: `create(modules)` gives `make(max)`.
 *
 * `static` ones do the same all the time; the best of them is what `adaptive` has to be measured by. `inReference` is
 * the name under which reference.json knows what a policy scores, `within` by how many points it may differ.
 */
const own = (make, more) => ({ package: 'polycache', own: true, create: ({ polycache }) => make(polycache), ...more })

/** A bare `Map` with room for so many: what comes takes the place of what came first. */
class BareMap {
  #map = new Map()
  #keys
  #next = 0

  constructor(max) {
    this.#keys = new Array(max).fill(undefined)
  }

  get(key) {
    return this.#map.get(key)
  }

  set(key, value) {
    if (this.#map.has(key)) {
      this.#map.set(key, value)
      return
    }
    const leaving = this.#keys[this.#next]
    if (leaving !== undefined) this.#map.delete(leaving)
    this.#keys[this.#next] = key
    this.#next = (this.#next + 1) % this.#keys.length
    this.#map.set(key, value)
  }
}

/** What transitory calls `getIfPresent`. */
class TransitoryStore {
  #cache

  constructor(BoundedCache, max) {
    this.#cache = new BoundedCache({ maxSize: max })
  }

  get(key) {
    return this.#cache.getIfPresent(key) ?? undefined
  }

  set(key, value) {
    this.#cache.set(key, value)
  }
}

export const policySubjects = {
  adaptive: own((p) => (max) => p.adaptive({ max })),
  tinyLfu: own((p) => (max) => p.tinyLfu({ max })),
  lru: own((p) => (max) => p.lru({ max }), { static: true, inReference: 'lru', within: 0.01 }),
  fifo: own((p) => (max) => p.fifo({ max }), { static: true, inReference: 'fifo', within: 0.01 }),
  clock: own((p) => (max) => p.clock({ max }), { static: true, inReference: 'clock', within: 0.01 }),
  sieve: own((p) => (max) => p.sieve({ max }), { static: true, inReference: 'sieve', within: 0.01 }),
  lfu: own((p) => (max) => p.lfu({ max }), { static: true, inReference: 'lfu', within: 0.01 }),
  'lfu, ageing': own((p) => (max) => p.lfu({ max, ageing: true }), { static: true }),
  slru: own((p) => (max) => p.slru({ max }), { static: true }),
  twoQ: own((p) => (max) => p.twoQ({ max }), { static: true, inReference: '2q', within: 0.01 }),
  arc: own((p) => (max) => p.arc({ max }), { static: true, inReference: 'arc', within: 0.01 }),
  s3Fifo: own((p) => (max) => p.s3Fifo({ max }), { static: true, inReference: 's3fifo', within: 0.05 }),
  lirs: own((p) => (max) => p.lirs({ max }), { static: true, inReference: 'lirs', within: 1 }),
  'tinyLfu, 1 %': own((p) => (max) => p.tinyLfu({ max, adaptive: false, window: 0.01 }), {
    static: true,
    inReference: 'wtlfu',
    within: 1,
  }),
  'tinyLfu, 20 %': own((p) => (max) => p.tinyLfu({ max, adaptive: false, window: 0.2 }), {
    static: true,
    inReference: 'wtlfu@0.2',
    within: 1,
  }),
  random: own((p) => (max) => p.random({ max }), { static: true }),
  mru: own((p) => (max) => p.mru({ max })),
  // As `lru`, but that each entry has an end, so far off that none is reached.
  tlru: own((p) => (max) => p.tlru({ max, ttu: (_key, _value, now) => now + 3_600_000 }), { timeOnly: true }),
  'lru-cache': {
    package: 'lru-cache',
    own: true,
    create:
      ({ 'lru-cache': { LRUCache } }) =>
      (max) =>
        new LRUCache({ max }),
  },
  'quick-lru': {
    package: 'quick-lru',
    create:
      ({ 'quick-lru': { default: QuickLRU } }) =>
      (max) =>
        new QuickLRU({ maxSize: max }),
  },
  'tiny-lru': {
    package: 'tiny-lru',
    create:
      ({ 'tiny-lru': { lru } }) =>
      (max) =>
        lru(max),
  },
  transitory: {
    package: 'transitory',
    create:
      ({ transitory: { BoundedCache } }) =>
      (max) =>
        new TransitoryStore(BoundedCache, max),
  },
  Map: { package: undefined, own: true, timeOnly: true, create: () => (max) => new BareMap(max) },
}

/** The package of a subject, imported from where it is installed. */
async function importedFor({ package: name, own: isOwn }, entry) {
  if (name === undefined) return {}
  if (name === 'polycache') return { polycache: await import(entry) }
  if (isOwn) return { [name]: await import(name) }
  // Packages of compare/ are found from a file that is there.
  return { [name]: (await import('./compare/adapters/stores.mjs'))[name] }
}

/** What makes a store of a subject. */
export async function makerOf(name, entry) {
  const subject = policySubjects[name]
  return subject.create(await importedFor(subject, entry))
}
