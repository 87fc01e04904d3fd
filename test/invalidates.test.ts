import { expect } from 'chai'

import { cached, cachedSync, invalidates, lru, Tags, unbounded } from '../src/index.ts'
import { deferred, type Deferred } from '../src/testing.ts'
import { AsyncMap } from './support/async-map.ts'
import { rejection } from './support/rejection.ts'

async function turns(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve))
}

/** A row in a database, a cached read of it, and the loads of that, which end when the test says so. */
function make(store: any, options: object = {}) {
  const rows = new Map([
    ['a', 'a1'],
    ['b', 'b1'],
  ])
  const loads: Deferred<void>[] = []
  let wait = false
  const read = cached<any, string, [string]>(
    store,
    options,
  )(async (id: string): Promise<string> => {
    const row = rows.get(id)!
    if (wait) {
      const load = deferred()
      loads.push(load)
      await load.promise
    }
    return row
  })
  return {
    rows,
    loads,
    read,
    slow: (on: boolean) => {
      wait = on
    },
  }
}

const stores: Record<string, () => any> = {
  lru: () => lru({ max: 100 }),
  Map: () => new Map(),
  'an asynchronous Map': () => new AsyncMap(),
}

for (const [name, create] of Object.entries(stores)) {
  describe(`a mutation over ${name}`, () => {
    it('forgets what it is about to change, and keeps nothing of it until it has ended', async () => {
      const { rows, read } = make(create())
      const began = deferred()
      const end = deferred()
      const change = invalidates(read, (id: string) => [id])(async (id: string, row: string) => {
        began.resolve()
        await end.promise
        rows.set(id, row)
        return row.length
      })
      await read('a')
      await read('b')
      const changing = change('a', 'a2')
      await began.promise

      // The window that "invalidate before" leaves open: this read may load, but must not be kept.
      expect(await read('a')).to.equal('a1')
      await turns()
      expect(await read.has('a')).to.equal(false)
      expect(await read.has('b')).to.equal(true)
      end.resolve()

      expect(await changing).to.equal(2)
      expect(await read('a')).to.equal('a2')
      await turns()
      expect(await read.has('a')).to.equal(true)
    })

    it('keeps nothing of a read that began before its end and ends after it', async () => {
      const { rows, read, loads, slow } = make(create())
      const end = deferred()
      const change = invalidates(read, (id: string) => [id])(async (id: string, row: string) => {
        await end.promise
        rows.set(id, row)
      })
      // The window that "invalidate after" leaves open: what this has read is old when the mutation has ended.
      slow(true)
      const changing = change('a', 'a2')
      const reading = read('a')
      await turns()
      end.resolve()
      await changing
      loads[0]!.resolve()
      expect(await reading).to.equal('a1')
      await turns()
      slow(false)

      expect(await read.has('a')).to.equal(false)
      expect(await read('a')).to.equal('a2')
    })

    it('invalidates when it fails, and fails as it does', async () => {
      const { rows, read } = make(create())
      const failure = new Error('half done')
      const change = invalidates(read, (id: string) => [id])(async (id: string) => {
        rows.set(id, 'half')
        throw failure
      })
      await read('a')

      expect(await rejection(change('a'))).to.equal(failure)
      expect(await read('a')).to.equal('half')
    })

    it('holds a key until the last of those that overlap has ended', async () => {
      const { read } = make(create())
      const ends = [deferred(), deferred()]
      let begun = 0
      const change = invalidates(read, (id: string) => [id])(async (_id: string) => ends[begun++]!.promise)
      const changes = [change('a'), change('a')]
      ends[0]!.resolve()
      await changes[0]
      await read('a')
      await turns()
      expect(await read.has('a')).to.equal(false)

      ends[1]!.resolve()
      await changes[1]
      await read('a')
      await turns()
      expect(await read.has('a')).to.equal(true)
    })

    it('that never ends blocks no read', async () => {
      const { read } = make(create())
      const change = invalidates(read, (id: string) => [id])((_id: string) => new Promise<void>(() => {}))
      void change('a')

      expect(await read('a')).to.equal('a1')
      expect(await read('a')).to.equal('a1')
      expect(await read.has('a')).to.equal(false)
    })

    it('without a mapping invalidates all entries of the function', async () => {
      const { read, rows } = make(create())
      const change = invalidates(read)(async () => {
        rows.set('a', 'a2')
        await read('b')
      })
      await read('a')
      await read('b')
      await change()
      await turns()

      expect(await read.has('a')).to.equal(false)
      expect(await read.has('b')).to.equal(false)
      expect(await read('a')).to.equal('a2')
    })

    it('invalidates several where it is nested, and tags', async () => {
      const tags = new Tags()
      const first = make(create())
      const second = make(create())
      const third = make(create(), { tags: tags.of((_: unknown, id: string) => [`row:${id}`]) })
      const change = invalidates(first.read, (id: string) => [id])(
        invalidates(second.read, (id: string) => [id])(
          invalidates(tags, (id: string) => [`row:${id}`])(async (id: string) => id),
        ),
      )
      for (const { read } of [first, second, third]) {
        await read('a')
        await read('b')
      }

      expect(await change('a')).to.equal('a')
      for (const { read } of [first, second, third]) {
        expect(await read.has('a')).to.equal(false)
        expect(await read.has('b')).to.equal(true)
      }
    })

    it('passes over a function that has been closed', async () => {
      const { read } = make(create())
      const change = invalidates(read, (id: string) => [id])(async (id: string) => id)
      await read.close()

      expect(await change('a')).to.equal('a')
    })

    it('holds what it has begun to hold when the function is closed meanwhile, for those who share its keys', async () => {
      const store = create()
      const { read } = make(store, { name: 'rows', shareKeys: true })
      const { read: reader, slow, loads } = make(store, { name: 'rows', shareKeys: true })
      const gate = deferred()
      const change = invalidates(read, (id: string) => [id])(async (_: string) => gate.promise)
      const changing = change('a')
      await turns()
      slow(true)
      const during = reader('a')
      await turns()

      await read.close()
      gate.resolve()
      await changing
      loads[0]!.resolve()

      expect(await during).to.equal('a1')
      await turns()
      expect(await reader.has('a')).to.equal(false)
    })

    it('forgets the entries that invalidateWhere chooses, and fences loads that are running', async () => {
      const { read, rows, loads, slow } = make(create())
      rows.set('c', 'c1')
      await read('a')
      await read('b')
      slow(true)
      const loading = read('c')
      await turns()
      if (!('keys' in read.store)) {
        expect(await rejection(Promise.resolve(read.invalidateWhere(() => true)))).to.be.instanceOf(TypeError)
      } else {
        expect(await read.invalidateWhere((key, value) => key === 'a' && value === 'a1')).to.equal(1)
        expect(await read.has('a')).to.equal(false)
        expect(await read.has('b')).to.equal(true)
      }
      loads[0]!.resolve()
      await loading
      await turns()
      expect(await read.has('c')).to.equal(false)
    })
  })
}

describe('invalidateWhere', () => {
  it('lets no call that comes later read what it chooses, though the store is still looked through', async () => {
    const store = new ListedMap()
    let version = 1
    const read = cached(store)(async (id: string) => `${id}${version}`)
    await Promise.all([read('a'), read('b')])
    await turns()
    version = 2
    store.gate = deferred()
    const removing = read.invalidateWhere((key) => key === 'a')

    expect(await read('a')).to.equal('a2')
    expect(await read('b')).to.equal('b1')
    expect(await read.expire('a')).to.equal(true)
    store.gate.resolve()
    expect(await removing).to.equal(0)
    expect(await read('b')).to.equal('b1')
  })

  it('chooses what an expire that is out puts in once more', async () => {
    const store = new ListedMap()
    const read = cached(store, { staleWhileRevalidate: 60_000 })(async (id: string) => id)
    await read('a')
    await turns()
    const expiring = read.expire('a')

    expect(await read.invalidateWhere(() => true)).to.equal(1)
    await expiring
    expect(store.map.size).to.equal(0)
  })

  it('believes nothing of a store that fails while it is looked through', async () => {
    const store = new ListedMap()
    let version = 1
    const read = cached(store, { onError: () => {} })(async (id: string) => `${id}${version}`)
    await read('a')
    await turns()
    version = 2
    store.gate = deferred()
    const removing = read.invalidateWhere((key) => key === 'a')
    store.gate.reject(new Error('the store is down'))

    expect(await rejection(Promise.resolve(removing)))
      .to.be.an('error')
      .with.property('message', 'the store is down')
    expect(await read('a')).to.equal('a2')
  })

  it('lets nobody read what it chooses while the store fails, whichever answer comes first', async () => {
    for (let steps = -6; steps <= 6; steps++) {
      const store = new ListedMap()
      const read = cached(store, { onError: () => {} })(async (id: string) => id)
      await read('a')
      await turns()
      store.gate = deferred()
      const removing = rejection(Promise.resolve(read.invalidateWhere(() => true)))
      const answer = deferred()
      const { get } = store
      store.get = async (key) => {
        await answer.promise
        return get.call(store, key)
      }
      const peeking = read.peek('a')
      await turns()

      if (steps < 0) answer.resolve()
      else store.gate.reject(new Error('the store is down'))
      for (let step = Math.abs(steps); step > 0; step--) await null
      if (steps < 0) store.gate.reject(new Error('the store is down'))
      else answer.resolve()

      expect(await peeking, `${steps} steps apart`).to.equal(undefined)
      await removing
    }
  })

  it('is asked for the value, also where that is not written as it is', async () => {
    const store = new ListedMap()
    const read = cached(store)(async (_: string) => 7n)
    await read('a')
    await turns()
    store.gate = deferred()
    const asked: unknown[] = []
    const removing = read.invalidateWhere((_, value) => {
      asked.push(value)
      return true
    })
    await read.peek('a')
    store.gate.resolve()

    expect(await removing).to.equal(1)
    expect(asked).to.deep.equal([7n, 7n])
  })

  it('finds what a shared store has taken and thrown', async () => {
    const store = new Map<string, unknown>()
    const put = store.set.bind(store)
    store.set = (key, value) => {
      put(key, value)
      throw new Error('the store is down')
    }
    const read = cached(store, { name: 'rows', onError: () => {} })(async (id: string) => id)

    expect(await read('a')).to.equal('a')
    expect(read.stats().size).to.equal(1)
    expect(read.invalidateWhere(() => true)).to.equal(1)
    expect(store.size).to.equal(0)
  })

  it('takes all out that it chooses though the store fails to delete some', async () => {
    const store = new Map<string, unknown>()
    const remove = store.delete.bind(store)
    store.delete = (key) => {
      if (key === 'a') throw new Error('the store is down')
      return remove(key)
    }
    let version = 1
    const read = cached(store, { onError: () => {} })(async (id: string) => `${id}${version}`)
    await Promise.all([read('a'), read('b')])
    version = 2

    expect(() => read.invalidateWhere(() => true)).to.throw('the store is down')
    expect(await Promise.all([read('a'), read('b')])).to.deep.equal(['a2', 'b2'])
  })
})

/** An asynchronous Map that lists its keys when it is let. */
class ListedMap extends AsyncMap<string, unknown> {
  gate: Deferred<void> | undefined

  async *keys(): AsyncIterable<string> {
    await this.gate?.promise
    yield* [...this.map.keys()]
  }
}

describe('invalidates', () => {
  it('takes out by invalidateWhere what is being made stale in an asynchronous store', async () => {
    const store = Object.assign(new AsyncMap<string, unknown>(), {
      async *keys() {
        yield* store.map.keys()
      },
    })
    const options = { ttl: 60_000, staleWhileRevalidate: 60_000 }
    let loads = 0
    const read = cached<any, number, [string]>(store, options)(async (_: string) => ++loads)
    await read('a')
    await turns()

    const expired = read.expire('a')

    expect(await read.invalidateWhere(() => true)).to.equal(1)
    await expired
    expect(await read('a')).to.equal(2)
  })

  it('takes out what a call has read from an asynchronous store while invalidateWhere looked through it', async () => {
    for (let steps = 0; steps < 40; steps++) {
      const store = Object.assign(new AsyncMap<string, unknown>(), {
        async *keys() {
          yield* store.map.keys()
        },
      })
      let loads = 0
      const read = cached<any, number, [string]>(store, { tti: 1_000 })(async (_: string) => ++loads)
      await read('a')
      await turns()

      const removing = read.invalidateWhere(() => true)
      for (let step = 0; step < steps; step++) await null
      await read('a')
      await removing
      await turns()

      expect(await read.peek('a'), `after ${steps} steps`).to.not.equal(1)
    }
  })

  it('leaves a mutation that gives no promise as it is', () => {
    const rows = new Map([['a', 1]])
    const read = cachedSync(lru({ max: 10 }))((id: string) => rows.get(id))
    const change = invalidates(read, (id: string) => [id])((id: string, value: number): Map<string, number> =>
      rows.set(id, value),
    )
    read('a')

    expect(change('a', 2)).to.equal(rows)
    expect(change.length).to.equal(2)
    expect(read('a')).to.equal(2)
  })

  it('passes on this, and what a mutation throws at once', () => {
    const read = cachedSync(unbounded())((id: string) => id)
    const counter = {
      changes: 0,
      change: invalidates(read, (id: string) => [id])(function (this: { changes: number }, _id: string): number {
        if (++this.changes > 1) throw new RangeError('once is enough')
        return this.changes
      }),
    }
    read('a')

    expect(counter.change('a')).to.equal(1)
    read('a')
    expect(() => counter.change('a')).to.throw(RangeError, 'once is enough')
    expect(read.has('a')).to.equal(false)
  })

  it('throws what its mapping throws before the mutation has begun', () => {
    const read = cachedSync(unbounded())((id: string) => id)
    let begun = false
    const change = invalidates(read, (_id: string): [string] => {
      throw new RangeError('no such id')
    })((_id: string) => {
      begun = true
    })

    expect(() => change('a')).to.throw(RangeError, 'no such id')
    expect(begun).to.equal(false)
  })

  it('changes nothing of a mutation when the store fails, which is reported', async () => {
    const errors: unknown[] = []
    const store = new Map<string, any>()
    store.delete = () => {
      throw new Error('broken')
    }
    const read = cached(store, { onError: (error: unknown) => errors.push(error) })(async (id: string) => id)
    const change = invalidates(read, (id: string) => [id])(async (id: string) => `${id}!`)
    await read('a')

    expect(await change('a')).to.equal('a!')
    expect(errors).to.have.length(1)
    expect(read.has('a')).to.equal(false)
  })

  it('decorates methods', async () => {
    const rows = new Map([['a', 'a1']])
    const getRow = cached(lru({ max: 10 }))(async (id: string) => rows.get(id))
    class Rows {
      readonly read = cached(lru({ max: 10 }))(async (id: string) => rows.get(id))

      @invalidates(getRow, (id: string) => [id])
      @invalidates((self: Rows) => self.read, (id: string) => [id])
      async change(id: string, row: string): Promise<this> {
        rows.set(id, row)
        return this
      }
    }
    const it = new Rows()
    await getRow('a')
    await it.read('a')

    expect(await it.change('a', 'a2')).to.equal(it)
    expect(await getRow('a')).to.equal('a2')
    expect(await it.read('a')).to.equal('a2')
  })

  it('refuses what cannot be invalidated', () => {
    expect(() => invalidates(5 as any)).to.throw(TypeError, 'the target of invalidates must be a function, but got: 5')
    expect(() => invalidates(new Tags(), undefined as any)).to.throw(TypeError, 'map must be a function')
    const read = cachedSync(unbounded())((id: string) => id)
    expect(() => invalidates(read, 'id' as any)).to.throw(TypeError, 'map must be a function')
    expect(() => invalidates(read)(5 as any)).to.throw(TypeError, 'the mutation must be a function')
    expect(() => invalidates(read, () => 'a' as any)(() => {})()).to.throw(TypeError, 'what map gives must be an array')
    expect(() => invalidates(() => 5 as any)(() => {})()).to.throw(TypeError, 'the target of invalidates must be')
  })
})
