import { expect } from 'chai'
import { Keyv } from 'keyv'

import { keyvTier } from '../../src/keyv/index.ts'
import { rejection } from '../support/rejection.ts'
import { type Backend, describeTier } from './describe-tier.ts'

const life = { freshFor: 60_000 }

describe('keyvTier', () => {
  const overAMap = async (): Promise<Backend> => {
    const store = new Map()
    return { open: () => keyvTier(new Keyv({ store })), close: async () => {} }
  }
  describeTier('over a Map', overAMap, { leases: false, backplane: false })

  it('says that it has neither leases nor a backplane', async () => {
    const tier = keyvTier(new Keyv())

    expect(tier.capabilities).to.deep.equal({ leases: false, backplane: false })
    expect(tier.connected).to.equal(false)
    expect((await tier.space('users').read('a')).lease).to.not.equal(undefined)
    expect((await tier.space('users').wait('a', { timeout: 60_000 })).lease).to.not.equal(undefined)
    tier.subscribe(() => {
      throw new Error('there is nothing to be told')
    })()
  })

  describe('over a store that fails', () => {
    class Failing extends Map<string, unknown> {
      down = false
      failing = (_key: string): boolean => this.down

      override get(key: string): unknown {
        if (this.failing(key)) throw new Error('the database is away')
        return super.get(key)
      }

      override set(key: string, value: unknown): this {
        if (this.failing(key)) throw new Error('the database is away')
        return super.set(key, value)
      }

      override delete(key: string): boolean {
        if (this.failing(key)) throw new Error('the database is away')
        return super.delete(key)
      }
    }

    for (const throwOnErrors of [false, true]) {
      it(`rejects, and owes what it could not invalidate (throwOnErrors: ${throwOnErrors})`, async () => {
        const store = new Failing()
        const keyv = new Keyv({ store, throwOnErrors })
        keyv.on('error', () => {})
        const tier = keyvTier(keyv)
        const users = tier.space('users')
        const elsewhere = keyvTier(new Keyv({ store })).space('users')
        for (const key of ['a', 'b', 'c', 'd']) {
          const { lease } = await users.read(key)
          await users.write(key, lease!, Buffer.from('old'), { ...life, staleFor: 10, tags: [`tag ${key}`] })
        }

        store.down = true
        const failed = await Promise.all([
          rejection(users.invalidate('a')),
          rejection(tier.invalidateTags(['tag b'])),
          rejection(users.expire('c')),
          rejection(users.put('d', Buffer.from('new'), life)),
          rejection(users.read('a')),
        ])
        store.down = false

        for (const error of failed) expect(error).to.be.instanceOf(Error)
        for (const key of ['a', 'b', 'c', 'd']) expect((await users.read(key)).state).to.equal('missing')
        for (const key of ['a', 'b', 'c', 'd']) expect((await elsewhere.read(key)).state).to.equal('missing')
        await tier.close()
      })
    }

    it('clears what it cannot read marks of', async () => {
      const store = new Failing()
      const keyv = new Keyv({ store })
      keyv.on('error', () => {})
      const users = keyvTier(keyv).space('users')
      const { lease } = await users.read('a')
      await users.write('a', lease!, Buffer.from('value'), { ...life, tags: ['x'] })

      store.failing = (key) => key.includes(':t:')

      expect(await rejection(users.read('a'))).to.be.instanceOf(Error)
    })
  })

  describeTier(
    'over a store that reads many at once',
    async () => {
      const map = new Map<string, unknown>()
      const store = {
        get: async (key: string) => map.get(key),
        getMany: async (keys: string[]) => keys.map((key) => map.get(key)),
        set: async (key: string, value: unknown) => void map.set(key, value),
        delete: async (key: string) => map.delete(key),
        clear: async () => map.clear(),
      }
      return { open: () => keyvTier(new Keyv({ store })), close: async () => {} }
    },
    { leases: false, backplane: false },
  )

  it('rejects where an instance only tells its listeners of a failure', async () => {
    const away = new Error('the database is away')
    const rows = new Map<string, string>()
    let down = false
    let tell: (error: unknown) => void = () => {}
    const silent = {
      get: async (key: string) => (down ? tell(away) : rows.get(key)),
      set: async (key: string, value: string) => (down ? false : rows.set(key, value)),
      delete: async (key: string) => (down ? tell(away) : rows.delete(key)),
      on: (_event: 'error', listener: (error: unknown) => void) => void (tell = listener),
    }
    const users = keyvTier(silent).space('users')
    const { lease } = await users.read('a')
    await users.write('a', lease!, Buffer.from('value'), life)
    const { entry } = await users.read('a')
    down = true

    expect(await rejection(users.read('a'))).to.have.property('cause', away)
    expect(String(await rejection(users.lease('a')))).to.contain('could not be read')
    down = false
    expect((await users.discard('a', entry!)).state).to.equal('missing')
  })

  it('takes a damaged or foreign entry for none', async () => {
    const store = new Map<string, string>()
    const users = keyvTier(new Keyv({ store })).space('users')
    const { lease } = await users.read('a')
    await users.write('a', lease!, Buffer.from('value'), life)
    const name = [...store.keys()].find((key) => key.includes(':e:'))!

    for (const forged of [42, null, 'not base64 at all', Buffer.from('PCR1 and too short').toString('base64')]) {
      store.set(name, JSON.stringify({ value: forged }))
      expect((await users.read('a')).state).to.equal('missing')
    }
  })

  it('takes a mark that it cannot read for an invalidation', async () => {
    const store = new Map<string, string>()
    const users = keyvTier(new Keyv({ store })).space('users')
    const { lease } = await users.read('a')
    await users.write('a', lease!, Buffer.from('value'), life)

    store.set('keyv:polycache:k:users:a', JSON.stringify({ value: 'forged' }))

    expect((await users.read('a')).state).to.equal('missing')
  })

  for (const [make, message] of [
    [() => keyvTier({} as never), 'keyv must be an instance of Keyv (npm install keyv), but got: an object'],
    [() => keyvTier(new Keyv(), { prefix: '' }), 'prefix must be a string that is not empty, but got: ""'],
    [() => keyvTier(new Keyv(), { leases: true } as never), 'an option of keyvTier must be one of prefix'],
  ] as const) {
    it(`says: ${message}`, () => {
      expect(make).to.throw(TypeError, message)
    })
  }
})
