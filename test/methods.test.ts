import { AsyncLocalStorage } from 'node:async_hooks'

import { expect } from 'chai'
import sinon from 'sinon'
import { cached, cachedSync, controlsOf, loadContext, lru, type Policy, type Stats } from '../src/index.ts'
import { deferred, ManualClock, seededRandom } from '../src/testing.ts'
import { AsyncMap } from './support/async-map.ts'
import { rejection } from './support/rejection.ts'

/** A class whose method says which instance loaded, and how often. */
function counters(store: unknown, options: object = {}) {
  class Counter {
    readonly name: string
    loads = 0

    constructor(name: string) {
      this.name = name
    }

    @cached(store as Policy<any, any>, options)
    async find(id: string): Promise<string> {
      return `${this.name} ${id} ${++this.loads}`
    }
  }
  return Counter
}

describe('a cached method', () => {
  it('starts one load for callers who come together, with the instance as its this', async () => {
    const Counter = counters(new Map())
    const counter = new Counter('one')

    const both = await Promise.all([counter.find('a'), counter.find('a')])

    expect(both).to.deep.equal(['one a 1', 'one a 1'])
    expect(await counter.find('a')).to.equal('one a 1')
    expect(await counter.find('b')).to.equal('one b 2')
    expect(controlsOf(counter.find).stats()).to.include({ hits: 1, joins: 1, misses: 2, size: 2 })
  })

  for (const [kind, create] of Object.entries({ 'a Map': () => new Map(), 'an async Map': () => new AsyncMap() })) {
    it(`keeps instances apart that share ${kind}`, async () => {
      const Counter = counters(create())
      const [one, two] = [new Counter('one'), new Counter('two')]

      const first = await Promise.all([one.find('a'), two.find('a')])
      await controlsOf(one.find).invalidate('a')

      expect(first).to.deep.equal(['one a 1', 'two a 1'])
      expect(await controlsOf(two.find).has('a')).to.equal(true)
      await controlsOf(two.find).clear()
      expect(await one.find('a')).to.equal('one a 2')
      expect(await controlsOf(one.find).has('a')).to.equal(true)
      await controlsOf(one.find).close()
      expect(await rejection(one.find('a'))).to.have.property('name', 'ClosedError')
      expect(await two.find('a')).to.equal('two a 2')
    })
  }

  it('shares no load between instances, and fences only its own', async () => {
    const gates = { one: deferred<string>(), two: deferred<string>() }
    const store = new Map()
    class Service {
      readonly gate: { promise: Promise<string> }
      constructor(gate: { promise: Promise<string> }) {
        this.gate = gate
      }
      @cached(store)
      find(_id: string): Promise<string> {
        return this.gate.promise
      }
    }
    const [one, two] = [new Service(gates.one), new Service(gates.two)]
    const waiting = [one.find('a'), two.find('a')]

    void controlsOf(one.find).invalidate('a')
    gates.one.resolve('one')
    gates.two.resolve('two')

    expect(await Promise.all(waiting)).to.deep.equal(['one', 'two'])
    expect(controlsOf(one.find).has('a')).to.equal(false)
    expect(controlsOf(two.find).has('a')).to.equal(true)
  })

  it('is the same function at every look, bound to its instance', async () => {
    const Counter = counters(new Map())
    const [one, two] = [new Counter('one'), new Counter('two')]
    const { find } = one

    expect(one.find).to.equal(find)
    expect(two.find).not.to.equal(find)
    expect(await find('a')).to.equal('one a 1')
    expect(await find.call(two, 'a')).to.equal('one a 1')
    expect(await Promise.all(['a', 'b'].map((id) => find(id)))).to.deep.equal(['one a 1', 'one b 2'])
    expect([find.name, find.length]).to.deep.equal(['Counter.find', 1])
  })

  it('takes the options of cached and has its controls', async () => {
    const clock = new ManualClock()
    const Counter = counters(lru({ max: 10 }), { ttl: 1_000, clock })
    const counter = new Counter('one')
    const controls = controlsOf(counter.find)
    await counter.find('a')

    clock.advance(1_000)

    expect(await counter.find('a')).to.equal('one a 2')
    expect(await controls.refresh('a')).to.equal('one a 3')
    expect(await controls.with({ fresh: true })('a')).to.equal('one a 4')
    expect(await controls.load('a')).to.equal('one a 5')
    await controls.set(['b'], 'given')
    expect(await counter.find('b')).to.equal('given')
    expect(controls.expire('b')).to.equal(true)
    expect(controls.peek('a')).to.equal('one a 4')
    expect(controls.key('a')).to.equal('a')
    expect(controls.name).to.equal('Counter.find')
  })

  it('gives its load a context', async () => {
    let key: unknown
    class Service {
      @cached(new Map())
      async find(_id: string): Promise<void> {
        ;({ key } = loadContext())
      }
    }

    await new Service().find('a')

    expect(key).to.equal('a')
  })

  it('runs isolated loads in the context of its class, whoever asks first', async () => {
    const storage = new AsyncLocalStorage<string>()
    const seen: unknown[] = []
    class Service {
      @cached(new Map(), { context: 'isolated' })
      async find(_id: string): Promise<void> {
        seen.push(storage.getStore())
      }
    }
    const service = new Service()

    await storage.run('a request', () => service.find('a'))

    expect(seen).to.deep.equal([undefined])
  })

  it('can be taken from the prototype and called on an instance, but not on nothing', async () => {
    const Counter = counters(new Map())
    const counter = new Counter('one')
    const { find } = Counter.prototype

    expect(await find.call(counter, 'a')).to.equal('one a 1')
    expect(await counter.find('a')).to.equal('one a 1')
    expect(() => find('a')).to.throw(TypeError, 'this of find must be an object, but got: undefined')
  })
})

describe('where a cached method is', () => {
  it('may be static, with a space of its own for each class it is called on', async () => {
    const store = new Map()
    class Base {
      readonly kind = 'base'
      static loads = 0
      @cached(store)
      static async find(id: string): Promise<string> {
        return `${this.name} ${id} ${++this.loads}`
      }
    }
    class Sub extends Base {
      static override loads = 10
    }

    expect(await Promise.all([Base.find('a'), Sub.find('a'), Base.find('a')])).to.deep.equal([
      'Base a 1',
      'Sub a 11',
      'Base a 1',
    ])
    await controlsOf(Base.find).clear()
    expect(controlsOf(Sub.find).has('a')).to.equal(true)
  })

  it('may be private, on instances and on the class', async () => {
    class Service {
      loads = 0
      static loads = 0

      @cached(new Map())
      async #find(id: string): Promise<string> {
        return `${id} ${++this.loads}`
      }

      @cached(new Map())
      static async #count(id: string): Promise<string> {
        return `${id} ${++this.loads}`
      }

      find(id: string): Promise<string> {
        return this.#find(id)
      }

      forget(id: string): unknown {
        return controlsOf(this.#find, this).invalidate(id)
      }

      unbound(): (id: string) => Promise<string> {
        return this.#find
      }

      withoutInstance(): unknown {
        return controlsOf(this.#find)
      }

      static async twice(): Promise<unknown> {
        return [await this.#count('a'), await this.#count('a'), controlsOf(this.#count, this).stats().hits]
      }
    }
    const [one, two] = [new Service(), new Service()]

    expect(await one.find('a')).to.equal('a 1')
    expect(await one.find('a')).to.equal('a 1')
    expect(await two.find('a')).to.equal('a 1')
    expect(one.forget('a')).to.equal(true)
    expect(await one.find('a')).to.equal('a 2')
    expect(await two.find('a')).to.equal('a 1')
    expect(await Service.twice()).to.deep.equal(['a 1', 'a 1', 1])
    expect(() => one.withoutInstance()).to.throw(TypeError, 'this of #find must be an object')
    expect(() => one.unbound()('a')).to.throw(TypeError, 'this of #find must be an object')
  })

  it('may be inherited, and each instance of a subclass is an instance', async () => {
    const Counter = counters(new Map())
    class Special extends Counter {}
    const [plain, special] = [new Counter('plain'), new Special('special')]

    expect(await Promise.all([plain.find('a'), special.find('a')])).to.deep.equal(['plain a 1', 'special a 1'])
    expect(controlsOf(special.find).name).to.equal('Special.find')
  })

  it('may be overridden, with super leading to the cached one', async () => {
    const Counter = counters(new Map())
    class Loud extends Counter {
      override async find(id: string): Promise<string> {
        return `${await super.find(id)}!`
      }
      controls(): { stats(): Stats } {
        return controlsOf(super.find)
      }
    }
    const loud = new Loud('loud')

    expect(await loud.find('a')).to.equal('loud a 1!')
    expect(await loud.find('a')).to.equal('loud a 1!')
    expect(loud.controls().stats()).to.include({ hits: 1, misses: 1 })
    expect(() => controlsOf(loud.find)).to.throw(TypeError, 'what controlsOf is given must be a cached method')
  })

  it('may be cached again where it is overridden, in the same store', async () => {
    const store = new Map()
    const Counter = counters(store)
    class Twice extends Counter {
      @cached(store)
      override async find(id: string): Promise<string> {
        return `${await super.find(id)}!`
      }
    }
    const twice = new Twice('twice')

    expect(await twice.find('a')).to.equal('twice a 1!')
    expect(await twice.find('a')).to.equal('twice a 1!')
    expect(controlsOf(twice.find).stats()).to.include({ hits: 1, size: 1 })
    expect(store.size).to.equal(2)
  })

  it('may have a symbol for its name', async () => {
    const key = Symbol('find')
    class Service {
      @cached(new Map())
      async [key](id: string): Promise<string> {
        return id
      }
    }

    expect(await new Service()[key]('a')).to.equal('a')
    expect(controlsOf(new Service()[key]).name).to.equal('Service.Symbol(find)')
  })

  it('may be on a frozen instance, and on a class that is frozen', async () => {
    const Counter = counters(new Map())
    const frozen = Object.freeze(Object.assign(new Counter('frozen'), { loads: { valueOf: () => 1 } }))
    class Service {
      @cached(new Map())
      async find(id: string): Promise<string[]> {
        return [id]
      }
    }
    Object.freeze(Service.prototype)
    const service = new Service()

    expect(frozen.find).to.equal(frozen.find)
    expect(await service.find('a')).to.equal(await service.find('a'))
  })

  it('is another one on a Proxy, which is another object', async () => {
    const Counter = counters(new Map())
    const counter = new Counter('one')
    const proxy = new Proxy(counter, {})

    expect(await counter.find('a')).to.equal('one a 1')
    expect(await proxy.find('a')).to.equal('one a 2')
    expect(await proxy.find('a')).to.equal('one a 2')
    expect(proxy.find).to.equal(proxy.find)
  })

  it('can be replaced, for a test or for good', async () => {
    const Counter = counters(new Map())
    const counter = new Counter('one')
    const stub = sinon.stub(counter, 'find').value(async () => 'stubbed')

    expect(await counter.find('a')).to.equal('stubbed')
    stub.restore()
    expect(await counter.find('a')).to.equal('one a 1')
    counter.find = async () => 'assigned'
    expect(await counter.find('a')).to.equal('assigned')
    expect(await new Counter('two').find('a')).to.equal('two a 1')
  })

  it('works under another decorator, which hides the controls', async () => {
    const logged: string[] = []
    function log(method: (id: string) => Promise<string>) {
      return function (this: unknown, id: string): Promise<string> {
        logged.push(id)
        return method.call(this, id)
      }
    }
    class Service {
      loads = 0
      @log
      @cached(new Map())
      async find(id: string): Promise<string> {
        return `${id} ${++this.loads}`
      }
    }
    const [one, two] = [new Service(), new Service()]

    expect([await one.find('a'), await one.find('a'), await two.find('a')]).to.deep.equal(['a 1', 'a 1', 'a 1'])
    expect(logged).to.deep.equal(['a', 'a', 'a'])
    expect(() => controlsOf(one.find)).to.throw(TypeError, 'cached method')
  })
})

describe('the store of a cached method', () => {
  it('can be that of each instance', async () => {
    class Service {
      readonly store = new Map<string, unknown>()
      loads = 0

      @cached((self: Service) => self.store)
      async find(id: string): Promise<string> {
        return `${id} ${++this.loads}`
      }

      @cached((self) => self.store, { key: (id: string) => id })
      async count(id: string): Promise<number> {
        return id.length
      }
    }
    const [one, two] = [new Service(), new Service()]

    expect([await one.find('a'), await one.find('a'), await one.count('a')]).to.deep.equal(['a 1', 'a 1', 1])
    expect(controlsOf(one.find).store).to.equal(one.store)
    expect([one.store.size, two.store.size]).to.deep.equal([2, 0])
  })

  it('is asked for when the method is, and what is no store is refused then', async () => {
    class Service {
      readonly store: Map<string, unknown> | undefined

      @cached((self: Service) => self.store!)
      async find(id: string): Promise<string> {
        return id
      }
    }
    const service: { store: Map<string, unknown> | undefined; find: Service['find'] } = new Service()

    expect(() => service.find('a')).to.throw(TypeError, 'store must be a Map-like object')
    expect(() => controlsOf(service.find)).to.throw(TypeError, 'store must be a Map-like object')
    service.store = new Map()
    expect(await service.find('a')).to.equal('a')
  })

  it('may be shared with functions and other methods: names are made of class and method', async () => {
    const store = new Map()
    const plain = cached(store, { name: 'plain' })(async (id: string) => id)
    class Service {
      @cached(store)
      async find(id: string): Promise<string> {
        return `found ${id}`
      }
      @cached(store)
      async count(id: string): Promise<number> {
        return id.length
      }
      @cached(store, { name: 'sum' })
      async add(id: string): Promise<string> {
        return `${id}+`
      }
    }
    const service = new Service()

    await Promise.all([plain('a'), service.find('a'), service.count('a'), service.add('a')])

    expect([await service.find('a'), await service.count('a'), await plain('a')]).to.deep.equal(['found a', 1, 'a'])
    const names = [...store.keys()].map((key: string) => key.replace(/#\d+:/, '#:'))
    expect(names).to.deep.equal(['plain:a', '#:a', '#:a', 'sum#:a'])
    expect(controlsOf(service.find).name).to.equal('Service.find')
    expect(controlsOf(service.add).name).to.equal('sum')
  })

  it('that is remote has names that no other process gives', async () => {
    const store = new AsyncMap<string, unknown>()
    class Base {
      @cached(store)
      static async find(id: string): Promise<string> {
        return `${this.name} ${id}`
      }
      @cached(store)
      async find(id: string): Promise<string> {
        return id
      }
    }
    class Sub extends Base {}

    await Base.find('a')
    await Promise.all([Sub.find('a'), new Base().find('a'), new Sub().find('a')])

    await new Promise((resolve) => setImmediate(resolve))

    const names = [...store.map.keys()].map((key) => key.replace(/#[a-z\d]+\.\d+:/, '#:'))
    expect(names).to.deep.equal(['Base.find#:a', 'Sub.find#:a', 'Base.find#:a', 'Sub.find#:a'])
  })

  it('keeps entries for all instances whose method says that it shares its keys', async () => {
    const Counter = counters(new Map(), { name: 'users', shareKeys: true })
    const [one, two] = [new Counter('one'), new Counter('two')]

    expect(await Promise.all([one.find('a'), two.find('a')])).to.deep.equal(['one a 1', 'one a 1'])
    await controlsOf(two.find).invalidate('a')
    expect(await two.find('a')).to.equal('two a 1')
    expect(await one.find('a')).to.equal('two a 1')
    expect(() => counters(new Map(), { shareKeys: true })).to.throw(TypeError, 'name must be given')
  })
})

describe('instances that share a store', () => {
  type Load = (id: string) => Promise<string>

  /** Plays a history of calls and controls on three functions; gives all that they said and all that was loaded. */
  async function play(seed: number, create: (load: Load) => Load, controls: typeof controlsOf): Promise<unknown[]> {
    const random = seededRandom(seed)
    const pick = (choices: number): number => Math.floor(random() * choices)
    const running: { resolve: (value: string) => void; reject: (error: Error) => void }[] = []
    const said: unknown[] = []
    const functions = [0, 1, 2].map((of) =>
      create((id) => {
        const gate = deferred<string>()
        running.push(gate)
        said.push(`load ${id} of ${of}`)
        return gate.promise
      }),
    )
    for (let step = 0; step < 60; step++) {
      const method = functions[pick(3)]!
      const id = 'ab'.charAt(pick(2))
      const of = controls(method)
      const what = pick(10)
      if (what < 4) {
        const answer = method(id).catch(String)
        void answer.then((value) => said.push([step, value]))
      } else if (what === 4) said.push(of.invalidate(id))
      else if (what === 5) said.push(of.has(id), of.peek(id))
      else if (what === 6 && pick(3) === 0) void of.clear()
      else if (what === 7) void of.set([id], `set ${step}`)
      else {
        const [load] = running.splice(pick(running.length), 1)
        if (what === 8) load?.reject(new Error(`failed ${step}`))
        else load?.resolve(`loaded ${step}`)
      }
      if (pick(2) === 0) await null
    }
    for (const load of running) load.resolve('at last')
    await new Promise((resolve) => setImmediate(resolve))
    for (const method of functions) {
      const { loadMs: _, ...stats } = controls(method).stats()
      said.push(stats)
    }
    return said
  }

  it('behave as if each had a store of its own, whatever happens in between', async () => {
    for (let seed = 0; seed < 100; seed++) {
      const store = new Map()
      class Service {
        readonly load: Load
        constructor(load: Load) {
          this.load = load
        }
        @cached(store)
        find(id: string): Promise<string> {
          return this.load(id)
        }
      }

      const shared = await play(seed, (load) => new Service(load).find, controlsOf)
      const apart = await play(seed, (load) => cached(new Map())(load), ((method: unknown) => method) as never)

      expect(shared, `seed ${seed}`).to.deep.equal(apart)
    }
  })
})

describe('a method cached by cachedSync', () => {
  it('returns at once, apart for each instance', () => {
    const store = lru({ max: 10 })
    class Parser {
      loads = 0
      @cachedSync(store)
      parse(text: string): number {
        this.loads++
        return text.length
      }
      @cachedSync((self: Parser) => self.own, { key: (text: string) => text.trim() })
      trimmed(text: string): number {
        return text.trim().length + ++this.loads
      }
      readonly own = new Map<string, unknown>()
    }
    const [one, two] = [new Parser(), new Parser()]

    expect([one.parse('abc'), one.parse('abc'), two.parse('abc')]).to.deep.equal([3, 3, 3])
    expect([one.loads, two.loads]).to.deep.equal([1, 1])
    expect(controlsOf(one.parse).invalidate('abc')).to.equal(true)
    expect(controlsOf(two.parse).has('abc')).to.equal(true)
    expect([one.trimmed('a '), one.trimmed(' a'), one.own.size]).to.deep.equal([3, 3, 1])
  })
})

describe('cached, with a decorator beside it', () => {
  it('refuses to decorate what is no method', () => {
    const decorator = cached(new Map()) as (...args: any[]) => any

    expect(() => {
      class Service {
        @decorator
        get found(): string {
          return ''
        }
      }
      return Service
    }).to.throw(TypeError, 'the method to cache must be a function, but got: "getter"')
    expect(() => {
      class Service {
        @decorator
        found = async (): Promise<string> => ''
      }
      return Service
    }).to.throw(TypeError, 'the method to cache must be a function, but got: "field"')
    expect(() => {
      @decorator
      class Service {
        found = ''
      }
      return Service
    }).to.throw(TypeError, 'the method to cache must be a function, but got: "class"')
  })

  it('says what is wrong with its options when the class is made', () => {
    expect(() => counters(new Map(), { ttl: -1 })).to.throw(RangeError, 'ttl must be')
    expect(() => counters('store')).to.throw(TypeError, 'store must be a Map-like object')
  })

  it('makes functions as before, also for a callback that is given more', async () => {
    const [first] = [async (id: string) => `first ${id}`].map(cached(new Map<string, unknown>()))
    const maker = cached(new Map()) as (...args: any[]) => (id: string) => Promise<string>
    const second = maker(async (id: string) => `second ${id}`, 'second', { second: 1 })

    expect([await first!('a'), await second('a')]).to.deep.equal(['first a', 'second a'])
    const ofInstance = cached((self: { store: Map<string, unknown> }) => self.store) as unknown as (
      load: unknown,
    ) => unknown
    expect(() => ofInstance(async () => 1)).to.throw(TypeError, 'store.get must be a function')
  })

  it('gives controls of nothing but cached methods', () => {
    const refused = [async () => 1, cached(new Map())(async () => 1), undefined, {}, 'find'] as any[]

    for (const value of refused) {
      expect(() => controlsOf(value)).to.throw(TypeError, 'what controlsOf is given must be a cached method, but got: ')
    }
  })
})
