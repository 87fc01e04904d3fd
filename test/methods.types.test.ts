import { expectTypeOf } from 'expect-type'
import { cached, cachedSync, controlsOf, lru, pick, type OrderedPolicy, type Stats } from '../src/index.ts'

interface User {
  id: string
  org: { id: number }
}

const users = lru<string>({ max: 10 })

/* Compiling is the test; nothing here runs. */
export class Repository {
  readonly store: OrderedPolicy<string, unknown> = lru<string>({ max: 10 })

  @cached(users, (id: string) => id, { ttl: 1_000 })
  async find(id: string): Promise<User> {
    return { id, org: { id: 1 } }
  }

  @cached(lru({ max: 10 }), { ttl: (user: User, id: string) => user.org.id + id.length })
  async withOptions(id: string): Promise<User> {
    return { id, org: { id: 1 } }
  }

  @cached(new Map(), pick('id', 'org.id'))
  async byPath(user: User): Promise<string> {
    return user.id
  }

  @cached((self: Repository) => self.store)
  async ofItsOwn(id: string): Promise<number> {
    return id.length
  }

  @cached((self) => self.store, (id: string) => id)
  async ofAnything(id: string): Promise<number> {
    return id.length
  }

  @cached(new Map())
  async generic<T>(value: T): Promise<T> {
    return value
  }

  overloaded(id: string): Promise<string>
  overloaded(id: number): Promise<number>
  @cached(new Map())
  async overloaded(id: string | number): Promise<string | number> {
    return id
  }

  @cached(new Map())
  maybe(id: string): string | Promise<string> {
    return id
  }

  @cached(new Map())
  static async count(of: string): Promise<number> {
    return of.length
  }

  @cached(new Map())
  async #hidden(id: string): Promise<number> {
    return id.length
  }

  controls(): void {
    expectTypeOf(controlsOf(this.#hidden, this).invalidate).parameters.toEqualTypeOf<[id: string]>()
  }

  @cachedSync(users)
  parse(text: string): number {
    return text.length
  }

  @cachedSync((self: Repository) => self.store, (text: string) => text)
  parseInItsOwn(text: string): number {
    return text.length
  }

  // @ts-expect-error -- the key function does not take what the method takes
  @cachedSync(new Map(), (id: number) => id)
  wrongSyncKey(text: string): number {
    return text.length
  }

  // @ts-expect-error -- the key function does not take what the method takes
  @cached(new Map(), (id: number) => id)
  async wrongKey(id: string): Promise<string> {
    return id
  }

  // @ts-expect-error -- the same for a key function among the options
  @cached(new Map(), { key: (id: number) => id })
  async wrongKeyOption(id: string): Promise<string> {
    return id
  }

  // @ts-expect-error -- the user has no such path
  @cached(new Map(), pick('name'))
  async wrongPath(user: User): Promise<string> {
    return user.id
  }

  // @ts-expect-error -- the key of one number is a number, and the store takes strings
  @cached(users)
  async wrongStore(id: number): Promise<number> {
    return id
  }

  // @ts-expect-error -- the ttl is of a user, and the method gives a string
  @cached(new Map(), (id: string) => id, { ttl: (user: User) => user.org.id })
  async wrongValue(id: string): Promise<string> {
    return id
  }

  // @ts-expect-error -- a call gives a promise, and the method is declared not to
  @cached(new Map())
  atOnce(id: string): string {
    return id
  }

  // @ts-expect-error -- the store is that of another class
  @cached((self: { other: Map<unknown, unknown> }) => self.other)
  async wrongOwner(id: string): Promise<string> {
    return id
  }
}

export function typesOfControls(repository: Repository): void {
  const controls = controlsOf(repository.find)
  expectTypeOf(repository.find).toEqualTypeOf<(id: string) => Promise<User>>()
  expectTypeOf(controls.invalidate).parameters.toEqualTypeOf<[id: string]>()
  expectTypeOf(controls.refresh('1')).resolves.toEqualTypeOf<User>()
  expectTypeOf(controls.stats()).toEqualTypeOf<Stats>()
  expectTypeOf(controls.peek('1')).toEqualTypeOf<User | undefined | Promise<User | undefined>>()
  expectTypeOf(controlsOf(Repository.count).invalidate).parameters.toEqualTypeOf<[of: string]>()
  expectTypeOf(repository.generic('a' as const)).resolves.toEqualTypeOf<'a'>()
  expectTypeOf(repository.overloaded('a')).resolves.toEqualTypeOf<string>()
  expectTypeOf(repository.overloaded(1)).resolves.toEqualTypeOf<number>()

  expectTypeOf(controlsOf(repository.parse).refresh('1')).toEqualTypeOf<number>()

  // @ts-expect-error -- the controls take the parameters of the method
  void controls.invalidate(1)
  // @ts-expect-error -- the value is a user
  void controls.set(['1'], { id: 1 })
  // @ts-expect-error -- there is no function to be made of a load without an instance
  cached((self: Repository) => self.store)(async (id: string) => id)
}
