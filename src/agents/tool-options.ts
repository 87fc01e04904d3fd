import { callable, flag, wrongType } from '../check.ts'
import { checkEngineOptions, checkStore, type EngineOptions } from '../engine-options.ts'
import { checkFreshness } from '../freshness.ts'
import type { StoreOf } from '../store-types.ts'
import { Tags } from '../tags.ts'
import { loopOptions, type LoopOptions } from './loops.ts'
import type { ToolArgs, ToolResult } from './shapes.ts'

/** The options of `cached` that a tool cache has too. */
type KeepingOptions<V, Args extends readonly unknown[]> = Omit<
  EngineOptions<V, Args>,
  'name' | 'shareKeys' | 'tags' | 'context' | 'debugKeys'
>

/** Who shares what a tool has read: the calls of one session, or those of all sessions. */
export type ToolScope = 'session' | 'global'

/** The options of `toolCache`. Those of `cached` among them hold for every tool whose rule does not say otherwise. */
export interface ToolCacheOptions extends LoopOptions, KeepingOptions<any, any[]> {
  /** Decides what to keep: a policy, a Map, any store of that form, synchronous or not. */
  store: StoreOf<never>
  /**
   * The session whose calls these are. Caches of one session and store share what they keep, until one is closed.
   * Default: a session of its own.
   */
  session?: string
  /** Who shares what tools have read. Default: `'session'`. */
  scope?: ToolScope
  /**
   * The space in the store, and the tag that everything in it carries. To be different where tools of the same name do
   * different things. Default: `'tools'`.
   */
  name?: string
  /** The book of resources. Default: the same for all tool caches on one store. */
  tags?: Tags
}

/** What is to be done with one tool. */
export interface ToolRule<Args extends readonly unknown[], V> extends KeepingOptions<V, Args> {
  /**
   * What the tool reads, or writes: resources by their names, of all calls or of one with these arguments. What was read
   * carries them as tags.
   */
  resource?: string | ((...args: Args) => string | Iterable<string>)
  /**
   * Whether the tool changes something. It is then run at every call, and what was read of its resources is invalidated
   * before, not kept throughout, and invalidated after, also when it throws. Without a resource, everything is.
   * Default: `false`.
   */
  writes?: boolean
  /** Who shares what this tool has read. Default: the `scope` of the cache. */
  scope?: ToolScope
  /** A store for this tool. Default: the `store` of the cache. */
  store?: StoreOf<never>
  /** Gives the key of a call. Default: `toolKey`, all arguments by their structure. */
  key?: (...args: Args) => unknown
}

/** The rules of a map of tools, by their names. A tool without a rule is run at every call. */
export type ToolRules<T> = { readonly [K in keyof T]?: ToolRule<ToolArgs<T[K]>, ToolResult<T[K]>> }

/** A rule of whatever tool. */
export type AnyRule = ToolRule<any, any>

const without = ['name', 'shareKeys', 'tags', 'context', 'debugKeys']

/** Checks the options of a tool cache. */
export function checkOptions(options: ToolCacheOptions): void {
  checkEngineOptions(
    'toolCache',
    options,
    ['store', 'session', 'scope', ...loopOptions],
    ['shareKeys', 'context', 'debugKeys'],
  )
  checkFreshness(options)
  checkStore(options.store)
  checkScope(options.scope)
  const { session, tags } = options
  if (session !== undefined && (typeof session !== 'string' || session === '')) {
    throw wrongType('session', 'a string that is not empty', session)
  }
  if (tags !== undefined && !(tags instanceof Tags)) throw wrongType('tags', 'a Tags', tags)
}

/** Checks a rule. */
export function checkRule(tool: string, rule: AnyRule): void {
  const owner = `the rule of ${tool}`
  if ((rule as { writes?: unknown } | null)?.writes === true) {
    const unknown = Object.keys(rule).find((name) => name !== 'writes' && name !== 'resource')
    if (unknown !== undefined)
      throw wrongType(`an option of ${owner}, which writes,`, 'one of resource, writes', unknown)
  }
  checkEngineOptions(owner, rule, ['resource', 'writes', 'scope', 'store', 'key'], without)
  const { resource, writes, scope, store, key } = rule
  if (resource !== undefined && typeof resource !== 'string' && typeof resource !== 'function') {
    throw wrongType('resource', 'a string or a function', resource)
  }
  if (writes !== undefined) flag('writes', writes)
  if (store !== undefined) checkStore(store)
  if (key !== undefined) callable('key', key)
  checkScope(scope)
}

function checkScope(scope: unknown): void {
  if (scope !== undefined && scope !== 'session' && scope !== 'global') {
    throw wrongType('scope', "'session' or 'global'", scope)
  }
}

/** The resources of one call. */
export function resourcesOf({ resource }: AnyRule, args: readonly unknown[]): readonly string[] {
  const named = typeof resource === 'function' ? resource(...args) : (resource ?? [])
  return typeof named === 'string' ? [named] : [...named]
}

/** The options among these that are those of `cached`. */
export function keepingOptions(options: AnyRule | ToolCacheOptions): KeepingOptions<any, any[]> {
  const names = [...loopOptions, 'store', 'session', 'scope', 'name', 'tags', 'resource', 'writes', 'key'] as string[]
  return Object.fromEntries(Object.entries(options).filter(([name]) => !names.includes(name)))
}

const books = new WeakMap<object, Tags>()

/**
 * The one book of resources of all tool caches on a store: with two, a write through one would leave what was read
 * through the other.
 *
 * @throws `TypeError` when the store has another already
 */
export function bookOf(store: object, given: Tags | undefined): Tags {
  const book = books.get(store) ?? given ?? new Tags()
  if (given !== undefined && given !== book) throw wrongType('tags', 'the same for all tool caches on one store', given)
  books.set(store, book)
  return book
}
