import { TTLCache } from '@isaacs/ttlcache'
import { Keyv } from 'keyv'
import { LRUCache } from 'lru-cache'
import QuickLRU from 'quick-lru'
import { tiered } from '../../src/tiered.ts'
import * as policies from '../../src/policies/index.ts'
import type { Clock, Random } from '../../src/types.ts'
import { MemoryBackend, type MemoryTier } from '../support/memory-tier.ts'
import { FlakyMap } from './flaky-map.ts'
import { SlowMap } from './slow-map.ts'

/** A store that the model runs against, and what may be expected of it. */
export interface StoreUnderTest {
  readonly name: string
  create(random: Random, clock: Clock): any
  readonly answers: 'at once' | 'with promises'
  /** What it has of what was put in: all of it, or some, when it is bounded or fails. */
  readonly has: 'all' | 'some'
  /** Whether its operations fail now and then. */
  readonly fails?: boolean
  /** The names of the functions that share it; none when one function has it for itself. */
  readonly names?: readonly string[]
  /** Whether the functions that share it are one and the same space. */
  readonly shareKeys?: boolean
}

const atOnce = { answers: 'at once', has: 'all' } as const
const bounded = { answers: 'at once', has: 'some' } as const
const withPromises = { answers: 'with promises', has: 'all' } as const
const failing = { has: 'some', fails: true } as const
const two = ['users', 'users:2'] as const
const three = ['a', 'b', 'c'] as const

const slow = (random: Random): SlowMap => new SlowMap({ random })
const byHand = (random: Random): SlowMap => new SlowMap({ random, manual: true })

/** The clock of a history jumps over any time that a tier is given to answer. */
const patient = { l2Timeout: 1_000_000_000, leaseWait: 1_000_000_000, blindTtl: Infinity }

/** A tier whose requests and answers overtake one another. */
function slowTier(random: Random, clock: Clock): MemoryTier {
  const tier = new MemoryBackend(clock).open()
  tier.onTheWay = async (operation, way) => {
    // What is on its way does not age, and the clock of a history may jump meanwhile.
    if (way === 'there' && /^(put|write)/.test(operation)) return
    for (let turns = Math.floor(random() * 4); turns > 0; turns--) await undefined
  }
  return tier
}

export const storesUnderTest: readonly StoreUnderTest[] = [
  { name: 'a Map', create: () => new Map(), ...atOnce },
  { name: 'unbounded', create: () => policies.unbounded(), ...atOnce },
  { name: 'ttlcache', create: () => new TTLCache({ ttl: 3_600_000 }), ...atOnce },
  { name: 'ttl with a clock of its own', create: () => policies.ttl(), ...atOnce },
  { name: 'ttl by the same clock', create: (_, clock) => policies.ttl({ clock }), ...atOnce },
  { name: 'lru-cache', create: () => new LRUCache<any, any>({ max: 2 }), ...bounded },
  { name: 'quick-lru', create: () => new QuickLRU({ maxSize: 2 }), ...bounded },
  { name: 'lru', create: () => policies.lru({ max: 3 }), ...bounded },
  { name: 'lfu', create: () => policies.lfu({ max: 2 }), ...bounded },
  { name: 'fifo', create: () => policies.fifo({ max: 2 }), ...bounded },
  { name: 'random', create: (random) => policies.random({ max: 2, random }), ...bounded },
  { name: 'bounded ttl', create: (_, clock) => policies.ttl({ max: 2, clock }), ...bounded },
  { name: 'none', create: () => policies.none(), ...bounded },
  { name: 'a Map for two functions', create: () => new Map(), ...atOnce, names: two },
  { name: 'lru for three functions', create: () => policies.lru({ max: 4 }), ...bounded, names: three },
  { name: 'lru-cache for three functions', create: () => new LRUCache<any, any>({ max: 4 }), ...bounded, names: three },
  { name: 'ttl for two functions', create: (_, clock) => policies.ttl({ max: 3, clock }), ...bounded, names: two },
  { name: 'a Map for two functions as one', create: () => new Map(), ...atOnce, names: two, shareKeys: true },
  { name: 'a Map that throws', create: (random) => new FlakyMap(random, 0.3), answers: 'at once', ...failing },
  {
    name: 'a Map that throws, for two functions',
    create: (random) => new FlakyMap(random, 0.2),
    answers: 'at once',
    ...failing,
    names: two,
  },
  { name: 'a slow Map', create: slow, ...withPromises },
  { name: 'a slow Map, step by step', create: byHand, ...withPromises },
  { name: 'a slow Map for three functions', create: slow, ...withPromises, names: three },
  { name: 'a slow Map for two functions, step by step', create: byHand, ...withPromises, names: two },
  {
    name: 'a slow Map for two functions as one, step by step',
    create: byHand,
    ...withPromises,
    names: two,
    shareKeys: true,
  },
  {
    name: 'a Map with a tier',
    create: (random, clock) => tiered(new Map(), slowTier(random, clock), patient),
    ...withPromises,
    names: ['one'],
  },
  {
    name: 'lru with a tier, for two functions',
    create: (random, clock) => tiered(policies.lru({ max: 2 }), slowTier(random, clock), patient),
    ...withPromises,
    has: 'some',
    names: two,
  },
  { name: 'Keyv', create: () => new Keyv(), ...withPromises },
  { name: 'Keyv for two functions', create: () => new Keyv(), ...withPromises, names: two },
  {
    name: 'a slow Map that fails',
    create: (random) => new SlowMap({ random, failureRate: 0.3 }),
    answers: 'with promises',
    ...failing,
  },
  {
    name: 'a slow Map that fails, for two functions, step by step',
    create: (random) => new SlowMap({ random, manual: true, failureRate: 0.2 }),
    answers: 'with promises',
    ...failing,
    names: two,
  },
]
