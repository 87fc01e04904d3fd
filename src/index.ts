export { Cache, type CacheOptions } from './cache.ts'
export {
  cached,
  type AsyncControls,
  type Cached,
  type CachedDecorator,
  type CachedMaker,
  type CachedOptions,
  type CachedWrapper,
} from './cached.ts'
export {
  cachedSync,
  type CachedSync,
  type CachedSyncDecorator,
  type CachedSyncMaker,
  type CachedSyncOptions,
  type CachedSyncWrapper,
  type SyncControls,
} from './cached-sync.ts'
export { controlsOf, type CachedMethod } from './controls-of.ts'
export type { CloseOptions, Controls } from './controls.ts'
export type { Stats } from './counters.ts'
export type { DumpedEntry, Restored } from './dump.ts'
export type { EngineOptions, ErrorListener } from './engine-options.ts'
export type { CallOptions } from './callers.ts'
export { ClosedError, KeyCollisionError, KeyError, LoadTimeoutError, ReentrantLoadError } from './errors.ts'
export { loadContext, type LoadContext } from './load-context.ts'
export type { FreshnessOptions, Ttl } from './freshness.ts'
export { invalidates, type Invalidator } from './invalidates.ts'
export type { Jitter } from './jitter.ts'
export {
  argsKey,
  identityKey,
  pick,
  prefix,
  skip,
  typed,
  type ArgsKey,
  type KeyFunction,
  type PickKey,
  type Primitive,
  type WithPaths,
} from './keys.ts'
export type { PlainEntry } from './plain-entry.ts'
export * from './policies/index.ts'
export type { TagBook, TagList, TagRule, TagSet } from './tagging.ts'
export { Tags, type TagsOptions } from './tags.ts'
export {
  EntryTooLargeError,
  exactCodec,
  tiered,
  TierTimeoutError,
  UnfitValueError,
  type Circuit,
  type Codec,
  type Tiered,
  type TieredOptions,
} from './tiered.ts'
export type * from './tiers/tier.ts'
export type * from './types.ts'
export type { ArgsList, Warmed, WarmFailure, WarmOptions, WarmProgress } from './warm.ts'
