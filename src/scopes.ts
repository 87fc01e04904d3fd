import { wrongType } from './check.ts'
import { Engine } from './engine.ts'

/** A cached function as far as a scope of it can be closed. */
interface Closeable {
  readonly close: (options?: { wait?: boolean }) => Promise<void>
}

/**
 * Gives the scopes of one cached function: cached functions of the same load, key and options, in a space of their own
 * within the same store, whose entries end when they are closed. Closing the function closes its scopes.
 *
 * Each knows its own keys, so neither making nor closing one looks at what others have in the store.
 *
 * @param make makes the cached function of a scope
 */
export function scopesOf<V, Args extends readonly unknown[], C extends Closeable>(
  engine: Engine<V, Args>,
  make: (engine: Engine<V, Args>) => C,
): (id: string) => C {
  const open = new Map<string, C>()
  /** The ids of closed scopes whose entries the store has failed to forget. */
  const owed = new Set<string>()
  engine.parts.push(closing(open))

  return (id) => {
    if (typeof id !== 'string' || id === '') throw wrongType('the id of a scope', 'a string that is not empty', id)
    let scope = open.get(id)
    if (scope !== undefined) return scope
    const { name } = engine.room.space
    if (name === undefined) throw wrongType('name', 'given to a function that has scopes', name)
    engine.room.assertOpen(undefined)
    const scoped = new Engine<V, Args>(engine.room.store, { ...engine.options, name: `${name}/${textOf(id)}` })
    const empty = async (): Promise<void> => {
      owed.add(id)
      await scoped.room.empty()
      owed.delete(id)
    }
    // What the store could not forget then counts no longer now, and is forgotten as soon as the store can.
    if (owed.has(id)) void empty().catch(() => {})
    scoped.endings.push(empty)
    scoped.left = () => open.delete(id)
    scope = make(scoped)
    open.set(id, scope)
    return scope
  }
}

/**
 * Closes all that are open. It is a function of its own so that an engine, which others may hold on to, does not hold on
 * to what makes its scopes.
 */
function closing(open: ReadonlyMap<string, Closeable>): (wait: boolean) => unknown {
  return (wait) => Promise.all(Array.from(open.values(), (scope) => scope.close({ wait })))
}

/** The id, so that what is behind a slash in a name is one id as a whole. */
function textOf(id: string): string {
  return id.replaceAll('%', '%25').replaceAll('/', '%2F')
}
