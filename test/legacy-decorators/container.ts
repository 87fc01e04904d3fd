/** As much of a container in the manner of NestJS as a service needs: it is told by metadata what to construct. */

type Class<T = unknown> = new (...args: any[]) => T

const metadata = new WeakMap<object, Map<string, unknown>>()

// What the compiler calls under emitDecoratorMetadata, and reflect-metadata brings in an application.
Object.assign(Reflect, {
  metadata: (name: string, value: unknown) => (target: object, key?: string | symbol) => {
    if (key !== undefined) return
    const known = metadata.get(target) ?? new Map<string, unknown>()
    metadata.set(target, known.set(name, value))
  },
})

/** Marks a class that the container may construct. */
export function Injectable(): ClassDecorator {
  return () => {}
}

/** Constructs each class once, and gives its constructor what the types of its parameters say. */
export class Container {
  readonly #instances = new Map<Class, unknown>()

  get<T>(type: Class<T>): T {
    if (!this.#instances.has(type)) {
      const parameters = (metadata.get(type)?.get('design:paramtypes') ?? []) as Class[]
      this.#instances.set(type, new type(...parameters.map((parameter) => this.get(parameter))))
    }
    return this.#instances.get(type) as T
  }
}
