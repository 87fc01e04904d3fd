import type { OrderedPolicy, Policy, RemovalCause, RemovalListener } from '../types.ts'
import { type Bounds, howMany } from './bounds.ts'
import { Removals } from './removals.ts'

/** One entry of a {@link NodePolicy}; each policy adds what it keeps order by. */
export interface PolicyNode<K, V> {
  key: K
  value: V
  weight: number
}

/** Where a policy finds its nodes by key: what it needs of a `Map`. */
export interface NodeTable<K, N> {
  get(key: K): N | undefined
  set(key: K, node: N): unknown
  has(key: K): boolean
  delete(key: K): boolean
  clear(): void
  readonly size: number
}

/**
 * All that policies made of a table of nodes have in common: bounds, weights, removals, iteration.
 *
 * A policy says in a few hooks where a new node goes, what a use does to it, and which node is to leave next. Iteration
 * goes over the entries that are there when it begins, the one that would leave next first, and leaves out those that
 * have gone by the time it reaches them; so everything may be done to the store meanwhile.
 */
export abstract class NodePolicy<K, V, N extends PolicyNode<K, V>> implements Policy<K, V> {
  readonly tellsRemovals: true = true
  readonly max: number
  readonly maxWeight: number
  readonly #bounds: Bounds<K, V>
  readonly #removals: Removals<K, V>
  readonly #nodes: NodeTable<K, N>
  #weight = 0

  constructor(
    bounds: Bounds<K, V>,
    onRemoval: RemovalListener<K, V> | undefined,
    nodes: NodeTable<K, N> = new Map<K, N>(),
  ) {
    this.max = bounds.max
    this.maxWeight = bounds.maxWeight
    this.#bounds = bounds
    this.#removals = new Removals(onRemoval)
    this.#nodes = nodes
  }

  /** Makes a node that is nowhere yet. It serves again for another entry when its own has made room for that. */
  protected abstract make(key: K, value: V, weight: number): N
  /** Gives a node its place, and whatever of it depends on that, anew. */
  protected abstract link(node: N): void
  /** Takes a node out of its place. */
  protected abstract unlink(node: N): void
  /** Takes all nodes out of their places. */
  protected abstract unlinkAll(): void
  /** Notes that a node was read. */
  protected abstract used(node: N): void
  /** Notes that a node was given a value anew. */
  protected abstract written(node: N): void
  /** The node that is to leave next and is not `keep`. It is asked for only when there is one. */
  protected abstract victim(keep: N | undefined): N
  /** All nodes, the one to leave next first, or last. */
  protected abstract inOrder(hottestFirst: boolean): Iterable<N>

  get size(): number {
    return this.#nodes.size
  }

  get weight(): number {
    return this.#weight
  }

  get(key: K): V | undefined {
    const node = this.#nodes.get(key)
    if (node === undefined) return undefined
    this.used(node)
    return node.value
  }

  peek(key: K): V | undefined {
    return this.#nodes.get(key)?.value
  }

  has(key: K): boolean {
    return this.#nodes.has(key)
  }

  set(key: K, value: V): this {
    // Whatever of the caller's can throw comes before the first change.
    const weight = this.#bounds.weigh(value, key)
    const old = this.#nodes.get(key)
    if (weight > this.maxWeight || this.max === 0 || this.maxWeight === 0) {
      if (old !== undefined) this.remove(old, 'replaced')
    } else if (old !== undefined) {
      this.#overwrite(old, value, weight)
    } else {
      this.#add(key === 0 ? (0 as K) : key, value, weight)
    }
    this.settle()
    return this
  }

  #add(key: K, value: V, weight: number): void {
    let node: N | undefined
    while (this.#nodes.size >= this.max || this.#weight + weight > this.maxWeight) {
      node = this.victim(undefined)
      this.remove(node, 'evicted')
    }
    if (node === undefined) {
      node = this.make(key, value, weight)
    } else {
      // The node of what left serves again: new ones would have to be moved by the garbage collector, which costs as
      // much as all the rest in a large store.
      node.key = key
      node.value = value
      node.weight = weight
    }
    this.#nodes.set(key, node)
    this.#weight += weight
    this.link(node)
  }

  #overwrite(node: N, value: V, weight: number): void {
    if (node.value !== value) this.#removals.add(node.key, node.value, 'replaced')
    this.#weight += weight - node.weight
    node.value = value
    node.weight = weight
    this.written(node)
    while (this.#weight > this.maxWeight) this.remove(this.victim(node), 'evicted')
  }

  delete(key: K, cause: RemovalCause = 'invalidated'): boolean {
    const node = this.#nodes.get(key)
    if (node === undefined) return false
    this.remove(node, cause)
    this.settle()
    return true
  }

  clear(): void {
    const all = [...this.inOrder(false)]
    this.#nodes.clear()
    this.unlinkAll()
    this.#weight = 0
    for (const node of all) this.#removals.add(node.key, node.value, 'invalidated')
    this.settle()
  }

  *keys(): IterableIterator<K> {
    for (const [key] of this.entries()) yield key
  }

  *values(): IterableIterator<V> {
    for (const [, value] of this.entries()) yield value
  }

  *entries(): IterableIterator<[K, V]> {
    for (const key of Array.from(this.inOrder(false), (node) => node.key)) {
      const node = this.here(key)
      if (node !== undefined) yield [key, node.value]
    }
  }

  [Symbol.iterator](): IterableIterator<[K, V]> {
    return this.entries()
  }

  /** The node of a key, if it is here now. */
  protected here(key: K): N | undefined {
    return this.#nodes.get(key)
  }

  /** Takes a node out for good. The listeners are told when the work that this is part of settles. */
  protected remove(node: N, cause: RemovalCause): void {
    this.#nodes.delete(node.key)
    this.unlink(node)
    this.#weight -= node.weight
    this.#removals.add(node.key, node.value, cause)
  }

  /** Comes last in everything that changes the store: from here on it is whole. */
  protected settle(): void {
    this.#removals.tell()
  }
}

/** A {@link NodePolicy} whose order means something. */
export abstract class OrderedNodePolicy<K, V, N extends PolicyNode<K, V>>
  extends NodePolicy<K, V, N>
  implements OrderedPolicy<K, V>
{
  hottest(n: number): [K, V][] {
    return this.#take(n, true)
  }

  coldest(n: number): [K, V][] {
    return this.#take(n, false)
  }

  #take(n: number, hottestFirst: boolean): [K, V][] {
    const taken: [K, V][] = []
    const wanted = howMany(n)
    for (const node of this.inOrder(hottestFirst)) {
      if (taken.length >= wanted) break
      taken.push([node.key, node.value])
    }
    return taken
  }
}
