import type { Stats } from '../../src/index.ts'
import type { Cell } from './cell.ts'

/** What every cached function of a history can do, whatever its store. */
export interface Fn {
  (key: string, call: number): Promise<string>
  refresh(key: string, call: number): Promise<string>
  with(options: { signal?: AbortSignal; fresh?: boolean }): (key: string, call: number) => Promise<string>
  invalidate(key: string): unknown
  invalidateWhere(predicate: (key: string, value: string) => boolean): unknown
  expire(key: string): unknown
  set(args: [string], value: string): unknown
  has(key: string): unknown
  peek(key: string): unknown
  clear(): unknown
  scope(id: string): Fn
  stats(): Stats
  close(options: { wait: boolean }): Promise<void>
}

/** One function of a history, or one scope of it, and what is known of each of its keys. */
export interface Actor {
  readonly fn: Fn
  /** The name of its space in the store, where it has one. */
  readonly name: string | undefined
  /** What is known of each key; the same objects for functions that share their keys. */
  readonly cells: readonly Cell[]
  /** When its end was begun, in the history's time. */
  closedAt: number
  /** Whether that has come to its own end. */
  closed: boolean
}
