import type { TierEvent } from '../tiers/tier.ts'
import { warn } from '../warn.ts'
import { type Database, numberKey } from './database.ts'

/** The messages that are kept for those who are late. */
const kept = 1_000

/** What is told to other processes. */
type Message = Exclude<TierEvent, { type: 'lost' } | { type: 'gap' }>

/**
 * Tells other processes of invalidations through a table of the file, which they look into every `pollEvery`
 * milliseconds. A look costs one read from memory while there is nothing new.
 */
export class Journal {
  readonly #database: Database
  readonly #origin: string
  readonly #pollEvery: number
  readonly #listeners = new Set<(event: TierEvent) => void>()
  readonly #noticed: () => void
  #heard = 0
  #timer: NodeJS.Timeout | undefined

  /**
   * @param origin tells this from the journals of others
   * @param noticed called when others have written
   */
  constructor(database: Database, origin: string, pollEvery: number, noticed: () => void) {
    this.#database = database
    this.#origin = origin
    this.#pollEvery = pollEvery
    this.#noticed = noticed
  }

  get connected(): boolean {
    return this.#timer !== undefined
  }

  /** Adds a message, inside a transaction. */
  write(message: Message): void {
    const number = this.#database.setNumber('sent', this.#database.number('sent') + 1)
    const { journal } = this.#database.tables
    journal.put(numberKey(number), Buffer.from(JSON.stringify([this.#origin, message])))
    const old = numberKey(number - kept)
    if (number > kept && journal.getBinary(old) !== undefined) journal.remove(old)
  }

  add(listener: (event: TierEvent) => void): () => void {
    const own = (event: TierEvent): void => listener(event)
    this.#listeners.add(own)
    if (this.#timer === undefined) {
      this.#database.refresh()
      this.#heard = this.#database.number('sent')
      this.#timer = setInterval(() => this.#look(), this.#pollEvery).unref()
    }
    queueMicrotask(() => {
      if (this.#listeners.has(own)) tell(own, { type: 'gap' })
    })
    return () => {
      this.#listeners.delete(own)
      if (this.#listeners.size === 0) this.close()
    }
  }

  close(): void {
    clearInterval(this.#timer)
    this.#timer = undefined
    this.#listeners.clear()
  }

  #look(): void {
    try {
      this.#database.refresh()
      const sent = this.#database.number('sent')
      if (sent === this.#heard) return
      const from = this.#heard + 1
      this.#heard = sent
      // A file that was begun anew counts from 1 again.
      const missed = sent < from || sent - from >= kept
      if (missed) this.#tell({ type: 'gap' })
      else for (let number = from; number <= sent; number++) this.#pass(number)
      this.#noticed()
    } catch (error) {
      warn(this.#database.failed(error))
      this.#tell({ type: 'gap' })
    }
  }

  #pass(number: number): void {
    const bytes = this.#database.tables.journal.getBinary(numberKey(number))
    if (bytes === undefined) return this.#tell({ type: 'gap' })
    const [origin, message] = JSON.parse(bytes.toString()) as [string, Message]
    if (origin !== this.#origin) this.#tell(message)
  }

  #tell(event: TierEvent): void {
    for (const listener of this.#listeners) tell(listener, event)
  }
}

function tell(listener: (event: TierEvent) => void, event: TierEvent): void {
  try {
    listener(event)
  } catch (error) {
    warn(error)
  }
}
