import { wrongType } from '../check.ts'
import { testCached } from './cached-contract.ts'
import { type AnyStore, type StoreSuite, testMapContract } from './map-contract.ts'

/** The test runner's functions, as far as they are used: those of mocha, vitest, node:test and bun all fit. */
export interface TestRunner {
  describe(name: string, body: () => void): unknown
  it(name: string, body: () => Promise<void>): unknown
}

/** What a store need not do. */
export interface DescribeStoreOptions {
  /** `false` for a store that keeps nothing. Default `true`. */
  keeps?: boolean | undefined
  /**
   * Which keys the store must tell apart: `'any'` value as a `Map` does, or `'strings'`. Default `'any'` for a
   * synchronous store and `'strings'` for an asynchronous one, which is told by the first `get` returning a promise.
   */
  keys?: 'any' | 'strings' | undefined
}

/**
 * Declares the tests that a store must pass: first that it works as a `Map` does, then what `cached` promises on it.
 *
 * @param runner `{ describe, it }` of the test runner in use
 * @param name what the group of tests is called
 * @param create returns a new, empty store that can hold at least 16 entries; called once per test
 * @throws {TypeError} when an argument is not that
 * @example
 * import { describe, it } from 'node:test'
 * describeStore({ describe, it }, 'my store', () => new MyStore({ max: 16 }))
 */
export function describeStore(
  runner: TestRunner,
  name: string,
  create: () => AnyStore | Promise<AnyStore>,
  options: DescribeStoreOptions = {},
): void {
  const { describe, it } = runner
  if (typeof describe !== 'function') throw wrongType('describe', 'a function', describe)
  if (typeof it !== 'function') throw wrongType('it', 'a function', it)
  if (typeof create !== 'function') throw wrongType('create', 'a function that returns an empty store', create)
  const { keeps = true, keys } = options
  if (keys !== undefined && keys !== 'any' && keys !== 'strings') throw wrongType('keys', "'any' or 'strings'", keys)

  const suite: StoreSuite = { it, create, keeps, keys }
  describe(name, () => {
    testMapContract(suite)
    describe('under cached', () => testCached(suite))
  })
}
