/** A service in the manner of NestJS. It is compiled, as it is there, with `experimentalDecorators`. */
import { cached, cachedSync, controlsOf, lru, type OrderedPolicy } from '../../src/index.ts'
import { Injectable } from './container.ts'

export interface User {
  readonly id: string
  readonly version: number
}

@Injectable()
export class Database {
  version = 1
  reads = 0

  async read(id: string): Promise<User> {
    this.reads++
    return { id, version: this.version }
  }
}

export const store: OrderedPolicy<string, any> = lru<string>({ max: 100 })

/** Notes in what order the methods below are called, under another decorator's wrapper. */
export const calls: string[] = []

function Logged(_owner: object, key: string, descriptor: TypedPropertyDescriptor<(id: string) => Promise<User>>): void {
  const method = descriptor.value!
  descriptor.value = function (this: unknown, id: string) {
    calls.push(`${key} ${id}`)
    return method.call(this, id)
  }
}

@Injectable()
export class UsersService {
  static made = 0
  readonly database: Database
  readonly own: OrderedPolicy<string, any> = lru<string>({ max: 100 })

  constructor(database: Database) {
    this.database = database
  }

  @cached(store, (id: string) => id, { ttl: 60_000 })
  async find(id: string): Promise<User> {
    return this.database.read(id)
  }

  @cached(store)
  @Logged
  async findLogged(id: string): Promise<User> {
    return this.database.read(id)
  }

  @cached((self: UsersService) => self.own)
  async findInOwn(id: string): Promise<User> {
    return this.database.read(id)
  }

  @cachedSync(store)
  label(id: string): string {
    return `user ${id}`
  }

  @cached(store)
  static async count(of: string): Promise<number> {
    return of.length + ++this.made
  }

  async rename(id: string): Promise<void> {
    this.database.version++
    await controlsOf(this.find).invalidate(id)
  }
}

export class AuditedUsersService extends UsersService {
  override async find(id: string): Promise<User> {
    const user = await super.find(id)
    return { ...user, id: `audited ${user.id}` }
  }

  @cached(store)
  override async findLogged(id: string): Promise<User> {
    const user = await super.findLogged(id)
    return { ...user, id: `audited ${user.id}` }
  }
}

/* Compiling is the test: what must not is marked. */
export class Mistakes {
  // @ts-expect-error -- the key function does not take what the method takes
  @cached(store, (id: number) => String(id))
  async wrongKey(id: string): Promise<string> {
    return id
  }

  // @ts-expect-error -- a call gives a promise, and the method is declared not to
  @cached(store)
  atOnce(id: string): string {
    return id
  }

  // @ts-expect-error -- the store is that of another class
  @cached((self: UsersService) => self.own)
  async wrongOwner(id: string): Promise<string> {
    return id
  }

  // @ts-expect-error -- the store takes string keys
  @cached(store)
  async wrongStore(id: number): Promise<number> {
    return id
  }

  @cached(new Map())
  async generic<T>(value: T): Promise<T> {
    return value
  }

  right(): Promise<'a'> {
    return this.generic('a' as const)
  }
}
