import { expect } from 'chai'

import { toolCache, type ToolCacheOptions } from '../../src/agents.ts'
import { cached, lru, Tags } from '../../src/index.ts'
import { deferred, ManualClock } from '../../src/testing.ts'
import { AsyncMap } from '../support/async-map.ts'
import { rejection } from '../support/rejection.ts'

/** A disk of files, and the tools that an agent has for it. */
function disk(files: Record<string, string> = { a: 'one', b: 'two' }) {
  const runs: string[] = []
  const tools = {
    readFile: async ({ path }: { path: string; encoding?: string | undefined }) => {
      runs.push(`read ${path}`)
      return files[path]
    },
    writeFile: async ({ path, text }: { path: string; text: string }) => {
      runs.push(`write ${path}`)
      files[path] = text
      return 'written'
    },
    now: async () => runs.push('now'),
  }
  const resource = ({ path }: { path: string }): string => `file:${path}`
  const rules = { readFile: { resource }, writeFile: { resource, writes: true } }
  return { files, runs, tools, rules }
}

const stores: Record<string, () => any> = {
  lru: () => lru({ max: 1_000 }),
  'an asynchronous Map': () => new AsyncMap(),
}

for (const [name, create] of Object.entries(stores)) {
  describe(`tools of an agent, cached in ${name}`, () => {
    it('read once, and again after a write of the same resource', async () => {
      const { tools, rules, runs } = disk()
      const { readFile, writeFile } = toolCache({ store: create() }).wrap(tools, rules)

      expect(await readFile({ path: 'a' })).to.equal('one')
      expect(await readFile({ path: 'a' })).to.equal('one')
      expect(await readFile({ path: 'b' })).to.equal('two')
      expect(await writeFile({ path: 'a', text: 'new' })).to.equal('written')
      expect(await readFile({ path: 'a' })).to.equal('new')
      expect(await readFile({ path: 'b' })).to.equal('two')

      expect(runs).to.deep.equal(['read a', 'read b', 'write a', 'read a'])
    })

    it('run a tool without a rule at every call', async () => {
      const { tools, rules, runs } = disk()
      const { now } = toolCache({ store: create() }).wrap(tools, rules)

      await now()
      await now()

      expect(runs).to.deep.equal(['now', 'now'])
    })

    it('keep nothing that was read while a write of it runs, and nothing that was read before and ends after', async () => {
      const { files } = disk()
      const reads = [deferred(), deferred()]
      const write = deferred()
      let count = 0
      const tools = toolCache({ store: create() }).wrap(
        {
          read: async (path: string) => {
            const value = files[path]
            await reads[count++]?.promise
            return value
          },
          write: async (path: string, text: string) => {
            await write.promise
            files[path] = text
          },
        },
        { read: { resource: (path) => path }, write: { resource: (path) => path, writes: true } },
      )
      const before = tools.read('a')
      const writing = tools.write('a', 'new')
      const during = tools.read('a')
      reads[1]!.resolve()
      expect(await during).to.equal('one')
      write.resolve()
      await writing
      reads[0]!.resolve()
      expect(await before).to.equal('one')

      expect(await tools.read('a')).to.equal('new')
      expect(await tools.read('a')).to.equal('new')
      expect(count).to.equal(3)
    })

    it('invalidate after a write that throws, at once or later', async () => {
      const fails = [
        () => {
          throw new Error('full')
        },
        async () => {
          await null
          throw new Error('full')
        },
      ]
      for (const fail of fails as (() => Promise<string>)[]) {
        const { tools, rules, runs } = disk()
        const { readFile, writeFile } = toolCache({ store: create() }).wrap(
          { ...tools, writeFile: fail },
          {
            ...rules,
            writeFile: { writes: true, resource: 'file:a' },
          },
        )
        await readFile({ path: 'a' })
        await readFile({ path: 'b' })

        expect(await rejection(writeFile())).to.have.property('message', 'full')
        for (const path of ['a', 'b', 'a']) await readFile({ path })

        expect(runs).to.deep.equal(['read a', 'read b', 'read a'])
      }
    })

    it('forget everything when a write does not say what it writes', async () => {
      const { tools, rules, runs } = disk()
      const { readFile, writeFile } = toolCache({ store: create() }).wrap(tools, {
        ...rules,
        writeFile: { writes: true },
      })
      await readFile({ path: 'a' })

      await writeFile({ path: 'b', text: '' })
      await readFile({ path: 'a' })

      expect(runs).to.deep.equal(['read a', 'write b', 'read a'])
    })

    it('are apart between sessions, together in one, and end with it', async () => {
      const { tools, rules, runs } = disk()
      const store = create()
      const open = (session?: string) => toolCache({ store, ...(session === undefined ? {} : { session }) })
      const [first, again, other, unnamed] = [open('s/1'), open('s/1'), open('s'), open()]
      const read = async (cache: typeof first) => cache.wrap(tools, rules).readFile({ path: 'a' })

      for (const cache of [first, again, other, unnamed]) expect(await read(cache)).to.equal('one')
      expect(runs).to.deep.equal(['read a', 'read a', 'read a'])

      await first.close()
      await read(open('s/1'))
      await read(open('s'))
      expect(runs).to.have.length(4)
    })

    it('are shared by all sessions where the scope is global, also after the last of them has ended', async () => {
      const { tools, rules, runs } = disk()
      const store = create()
      const one = toolCache({ store, scope: 'global' })
      await one.wrap(tools, rules).readFile({ path: 'a' })
      await one.close()
      const two = toolCache({ store, session: 'two' })
      const { readFile } = two.wrap(tools, { ...rules, readFile: { ...rules.readFile, scope: 'global' } })

      expect(await readFile({ path: 'a' })).to.equal('one')

      expect(runs).to.deep.equal(['read a'])
      expect(two.summary().tools['readFile']).to.include({ calls: 1, runs: 0, saved: 1 })
    })

    it('see the writes of other sessions', async () => {
      const { tools, rules } = disk()
      const store = create()
      const one = toolCache({ store, scope: 'global' }).wrap(tools, rules)
      const two = toolCache({ store }).wrap(tools, rules)
      await one.readFile({ path: 'a' })
      await two.readFile({ path: 'a' })

      await two.writeFile({ path: 'a', text: 'new' })

      expect(await one.readFile({ path: 'a' })).to.equal('new')
      expect(await two.readFile({ path: 'a' })).to.equal('new')
    })
  })
}

describe('toolCache', () => {
  it('shares its resources with cached functions by their tags', async () => {
    const { tools, rules, files } = disk()
    const tags = new Tags()
    const cache = toolCache({ store: lru({ max: 10 }), tags })
    const sizeOf = cached(lru({ max: 10 }), { tags: tags.of((_: number, path: string) => [`file:${path}`]) })(
      async (path: string) => files[path]!.length,
    )
    const { readFile, writeFile } = cache.wrap(tools, rules)
    expect(await sizeOf('a')).to.equal(3)

    await writeFile({ path: 'a', text: 'longer' })
    expect(await sizeOf('a')).to.equal(6)

    await readFile({ path: 'a' })
    files['a'] = 'by hand'
    cache.tags.invalidate('file:a')
    expect(await readFile({ path: 'a' })).to.equal('by hand')
  })

  it('starts one run for calls that come together', async () => {
    const { tools, rules, runs } = disk()
    const cache = toolCache({ store: lru({ max: 10 }) })
    const { readFile } = cache.wrap(tools, rules)

    await Promise.all([readFile({ path: 'a' }), readFile({ path: 'a' })])

    expect(runs).to.deep.equal(['read a'])
    expect(cache.summary()).to.include({ calls: 2, runs: 1, saved: 1, savedMs: 0 })
  })

  it('has a ttl, a store and a key for each tool', async () => {
    const clock = new ManualClock()
    const small = lru<string>({ max: 1 })
    const { tools, rules, runs } = disk()
    const cache = toolCache({ store: lru({ max: 10 }), ttl: 1_000, clock })
    const { readFile, list } = cache.wrap(
      { readFile: tools.readFile, list: async (folder: string, _why: string) => runs.push(`list ${folder}`) },
      {
        readFile: { ...rules.readFile, ttl: (text, { path }) => (text === 'one' && path === 'a' ? 10 : 20) },
        list: { store: small, key: (folder) => folder },
      },
    )
    await readFile({ path: 'a' })
    await readFile({ path: 'b' })
    await list('x', 'I am new')
    await list('x', 'I have forgotten')
    expect(small.size).to.equal(1)
    clock.advance(10)
    await readFile({ path: 'a' })
    await readFile({ path: 'b' })
    expect(runs).to.deep.equal(['read a', 'read b', 'list x', 'read a'])
    clock.advance(990)
    await list('x', 'I have waited')
    expect(runs.at(-1)).to.equal('list x')
  })

  it('does not keep failures unless it is asked to', async () => {
    let runs = 0
    const fail = async (_: string): Promise<string> => {
      throw new Error(`down ${++runs}`)
    }
    const clock = new ManualClock()
    const plain = toolCache({ store: lru({ max: 10 }) }).tool('fail', fail, {})
    const asked = toolCache({ store: lru({ max: 10 }), clock }).tool('fail', fail, { errorTtl: 100 })

    const messages: unknown[] = []
    for (const call of [plain, plain, asked, asked]) messages.push(((await rejection(call('a'))) as Error).message)

    expect(messages).to.deep.equal(['down 1', 'down 2', 'down 3', 'down 3'])
  })

  it('takes a result with isError for a failure, and gives it as the result that it is', async () => {
    const answers = [
      { isError: true, content: [{ type: 'text', text: 'no such file' }] },
      { content: [{ type: 'text', text: 'here' }] },
    ]
    let runs = 0
    const find = toolCache({ store: lru({ max: 10 }) }).tool('find', async (_: string) => answers[runs++]!, {})

    expect(await find('a')).to.equal(answers[0])
    expect(await find('a')).to.equal(answers[1])
    expect(await find('a')).to.equal(answers[1])
    expect(runs).to.equal(2)
  })

  it('sums up what it has saved', async () => {
    const clock = new ManualClock()
    const cache = toolCache({ store: lru({ max: 10 }), clock })
    const { slow, write } = cache.wrap(
      {
        slow: async (ms: number) => clock.advance(ms),
        write: async () => clock.advance(7),
      },
      { slow: {}, write: { writes: true } },
    )

    for (const ms of [100, 100, 300, 100]) await slow(ms)
    await write()
    await slow(200)

    expect(cache.summary()).to.deep.equal({
      calls: 6,
      runs: 4,
      saved: 2,
      savedMs: 400,
      loops: 0,
      tools: {
        slow: { calls: 5, runs: 3, saved: 2, savedMs: 400, loops: 0 },
        write: { calls: 1, runs: 1, saved: 0, savedMs: 0, loops: 0 },
      },
    })
  })

  it('refuses calls once it is closed, and can be closed again', async () => {
    const { tools, rules } = disk()
    const cache = toolCache({ store: lru({ max: 10 }), session: 'mine' })
    const { readFile, writeFile, now } = cache.wrap(tools, rules)

    await readFile({ path: 'a' })
    await cache.close()
    await cache[Symbol.asyncDispose]()
    expect(cache.summary()).to.include({ calls: 1, runs: 1 })

    for (const call of [readFile({ path: 'a' }), writeFile({ path: 'a', text: '' }), now()]) {
      expect(await rejection(call)).to.have.property('name', 'ClosedError')
    }
  })

  it('stops what is running when it is closed without waiting', async () => {
    const started = deferred<AbortSignal>()
    const cache = toolCache({ store: lru({ max: 10 }) })
    const { slow } = cache.wrap(
      {
        slow: {
          execute: (_: string, { abortSignal }: { abortSignal?: AbortSignal }) => {
            started.resolve(abortSignal!)
            return new Promise<never>((_resolve, reject) => {
              abortSignal!.addEventListener('abort', () => reject(abortSignal!.reason as Error))
            })
          },
        },
      },
      { slow: {} },
    )
    const running = rejection(slow.execute('x', {}))
    const signal = await started.promise

    await cache.close({ wait: false })

    expect(signal.aborted).to.equal(true)
    expect(await running).to.equal(signal.reason)
  })

  it('closes what it has also where the store fails', async () => {
    class Failing extends Map<string, unknown> {
      override delete(_key: string): boolean {
        throw new Error('disk')
      }
    }
    const store = new Failing()
    const { tools, rules } = disk()
    const make = () => toolCache({ store, session: 'a', onError: () => {} })
    const cache = make()
    await cache.wrap(tools, rules).readFile({ path: 'a' })

    expect(await rejection(cache.close())).to.have.property('message', 'disk')
    expect(await make().wrap(tools, rules).readFile({ path: 'a' })).to.equal('one')
  })

  it('keeps name, length and receiver of a function', async () => {
    const cache = toolCache({ store: lru({ max: 10 }) })
    const host = {
      base: 40,
      plus: cache.tool(
        'plus',
        async function plus(this: { base: number }, more: number, _unused: string) {
          return this.base + more
        },
        {},
      ),
    }

    expect(host.plus.name).to.equal('plus')
    expect(host.plus.length).to.equal(2)
    expect(await host.plus(2, '')).to.equal(42)
  })

  it('gives a promise of what a tool returns at once, and a rejection for what it throws', async () => {
    const cache = toolCache({ store: lru({ max: 10 }) })
    const { half, odd } = cache.wrap(
      {
        half: (n: number) => n / 2,
        odd: (): number => {
          throw new Error('odd')
        },
      },
      { half: {} },
    )

    expect(await half(4)).to.equal(2)
    expect(await rejection(odd())).to.have.property('message', 'odd')
  })

  it('refuses to run a write whose resource cannot be told', async () => {
    const { tools, runs } = disk()
    const cache = toolCache({ store: lru({ max: 10 }) })
    const write = cache.tool('write', tools.writeFile, { writes: true, resource: () => [1 as unknown as string] })

    expect(await rejection(write({ path: 'a', text: '' }))).to.have.property(
      'message',
      'a tag must be a string, but got: 1',
    )
    expect(runs).to.deep.equal([])
  })

  it('tells onError of a read whose resource cannot be told, and does not keep it', async () => {
    const { tools, runs } = disk()
    const errors: unknown[] = []
    const cache = toolCache({ store: lru({ max: 10 }), onError: (error) => errors.push(error) })
    const mistake = new Error('which?')
    const read = cache.tool('read', tools.readFile, {
      resource: () => {
        throw mistake
      },
    })

    await read({ path: 'a' })
    await read({ path: 'a' })

    expect(runs).to.have.length(2)
    expect(errors).to.deep.equal([mistake, mistake])
  })

  it('lets names stand for different tools in different spaces', async () => {
    const store = lru({ max: 10 })
    const one = toolCache({ store, scope: 'global' }).tool('search', async (_: string) => 'mail', {})
    const two = toolCache({ store, scope: 'global', name: 'web' }).tool('search', async (_: string) => 'web', {})

    expect([await one('x'), await two('x'), await one('x')]).to.deep.equal(['mail', 'web', 'mail'])
  })

  it('says what is wrong with its options and rules', () => {
    const store = lru({ max: 10 })
    const make = (options: object) => () => toolCache({ store, ...options } as ToolCacheOptions)
    const rule = (given: object) => () => toolCache({ store }).tool('read', async (_: string) => 1, given)

    expect(make({ store: {} })).to.throw(TypeError, 'store.get must be a function')
    expect(make({ sesion: 'a' })).to.throw(TypeError, 'an option of toolCache must be one of')
    expect(make({ session: '' })).to.throw(TypeError, 'session must be a string that is not empty, but got: ""')
    expect(make({ scope: 'all' })).to.throw(TypeError, `scope must be 'session' or 'global', but got: "all"`)
    expect(make({ ttl: -1 })).to.throw(RangeError, 'ttl must be')
    expect(make({ tags: { tags: new Tags() } })).to.throw(TypeError, 'tags must be a Tags')
    expect(make({ maxRepeats: 0 })).to.throw(RangeError, 'maxRepeats must be a positive integer')
    expect(make({ onLoop: 'warn' })).to.throw(
      TypeError,
      'one of maxRepeats, maxOscillations and maxDepth must be given',
    )
    expect(make({ onLoop: 'stop' })).to.throw(TypeError, "onLoop must be 'throw', 'warn' or 'cached'")
    expect(rule({ tll: 1 })).to.throw(TypeError, 'an option of the rule of read must be one of')
    expect(rule({ writes: 1 })).to.throw(TypeError, 'writes must be true or false')
    expect(rule({ writes: true, ttl: 1 })).to.throw(TypeError, 'an option of the rule of read, which writes, must be')
    expect(rule({ resource: 1 })).to.throw(TypeError, 'resource must be a string or a function')
    expect(rule({ scope: 1 })).to.throw(TypeError, 'scope must be')
    expect(rule({ key: 'id' })).to.throw(TypeError, 'key must be a function')
    expect(rule({ store: 1 })).to.throw(TypeError, 'store must be')
  })

  it('refuses rules of no tool, tools that cannot run, names that are taken, and a second book for one store', () => {
    const store = lru({ max: 10 })
    const cache = toolCache({ store })
    const read = async (_: string) => 1
    cache.wrap({ read })

    expect(() => cache.wrap({ write: read }, { wirte: {} } as object)).to.throw(
      TypeError,
      'a rule must be of one of write',
    )
    expect(() => cache.tool('call', { execute: 'x' })).to.throw(
      TypeError,
      'execute of the tool call must be a function',
    )
    expect(() => cache.tool('none', {}, {} as never)).to.throw(TypeError, 'execute of the tool none must be a function')
    expect(() => cache.tool('read', read)).to.throw(TypeError, 'the name of a tool must be different')
    expect(() => toolCache({ store, tags: new Tags() })).to.throw(
      TypeError,
      'tags must be the same for all tool caches',
    )
    const elsewhere = toolCache({ store: lru({ max: 10 }) })
    expect(() => elsewhere.tool('read', read, { store })).to.throw(TypeError, 'tags must be the same')
  })

  it('goes by toolKey: the order of properties and what is undefined make no difference', async () => {
    const { tools, rules, runs } = disk()
    const { readFile } = toolCache({ store: lru({ max: 10 }) }).wrap(tools, rules)

    await readFile({ path: 'a', encoding: 'utf8' })
    await readFile({ encoding: 'utf8', path: 'a' })
    await readFile({ path: 'a' })
    await readFile({ path: 'a', encoding: undefined })

    expect(runs).to.have.length(2)
  })
})
