/** A place in a {@link Chain}: what is kept in order extends this, so that keeping order allocates nothing more. */
export class Link {
  prev: Link = this
  next: Link = this

  /** Leaves the chain that this is in. */
  unlink(): void {
    this.prev.next = this.next
    this.next.prev = this.prev
  }
}

/** A doubly linked ring of nodes, of which the chain itself is the end mark: every operation is O(1). */
export class Chain<N extends Link> extends Link {
  get first(): N | undefined {
    return this.next === this ? undefined : (this.next as N)
  }

  get isEmpty(): boolean {
    return this.next === this
  }

  /** The first node that is not `keep`. */
  firstExcept(keep: N | undefined): N | undefined {
    const node = this.next === keep ? keep.next : this.next
    return node === this ? undefined : (node as N)
  }

  /** Puts a node that is in no chain at the end. */
  append(node: N): void {
    const last = this.prev
    node.prev = last
    node.next = this
    last.next = node
    this.prev = node
  }

  /** Forgets all nodes. */
  clear(): void {
    this.prev = this
    this.next = this
  }

  *inOrder(lastFirst = false): IterableIterator<N> {
    for (let node = lastFirst ? this.prev : this.next; node !== this; node = lastFirst ? node.prev : node.next) {
      yield node as N
    }
  }
}
