import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'
import { deferred } from '../src/testing.ts'
import type { Readme } from './documents.ts'

/** A request that has reached the server and is kept waiting for its answer. */
export interface Held {
  readonly arrived: Promise<void>
  release(): void
}

/** What a document says, and since which change. */
interface Edition {
  readonly version: number
  readonly package: string
  readonly text: string
}

/** After this time, in milliseconds, an answer goes out unreleased, so that no one who waits for it waits for ever. */
const longestHold = 2_000

/**
 * A slow server of documents, `/documents/<n>` for any whole number: the READMEs in turn, until a PUT puts another text
 * in the place of one. What a GET will answer is settled when it arrives, and sent after the delay.
 */
export class DocumentServer {
  /** How many GETs have arrived. */
  reads = 0
  readonly #readmes: readonly Readme[]
  readonly #delay: number
  readonly #server: Server
  readonly #changed = new Map<number, Edition>()
  /** Answers the next GET: it says that the GET has arrived, and ends when the answer may go. */
  #hold: (() => Promise<void>) | undefined

  constructor(readmes: readonly Readme[], delayMs: number) {
    if (readmes.length === 0) throw new Error('there is no README.md in node_modules: npm install comes first')
    this.#readmes = readmes
    this.#delay = delayMs
    this.#server = createServer((request, response) => void this.#answer(request, response))
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`
  }

  async listen(): Promise<void> {
    this.#server.listen(0, '127.0.0.1')
    await once(this.#server, 'listening')
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    this.#server.closeAllConnections()
    await closed
  }

  /** Keeps the next GET waiting, whatever the delay, until it is released; for no longer than 2 s. */
  holdNext(): Held {
    const arrived = deferred()
    const released = deferred()
    this.#hold = () => {
      arrived.resolve()
      return released.promise
    }
    return { arrived: arrived.promise, release: () => released.resolve() }
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const [, number] = /^\/documents\/(\d+)$/.exec(request.url ?? '') ?? []
    if (number === undefined) response.writeHead(404).end()
    else if (request.method === 'PUT') await this.#change(Number(number), request, response)
    else await this.#read(Number(number), response)
  }

  async #read(number: number, response: ServerResponse): Promise<void> {
    this.reads++
    const edition = this.#edition(number)
    const hold = this.#hold
    this.#hold = undefined
    await (hold === undefined
      ? delay(this.#delay)
      : Promise.race([hold(), delay(longestHold, undefined, { ref: false })]))
    const headers = { 'content-type': 'text/markdown', 'x-package': edition.package, 'x-version': edition.version }
    response.writeHead(200, headers).end(edition.text)
  }

  async #change(number: number, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const changed = await text(request)
    const edition = this.#edition(number)
    this.#changed.set(number, { ...edition, version: edition.version + 1, text: changed })
    response.writeHead(204).end()
  }

  #edition(number: number): Edition {
    const first = { version: 1, ...this.#readmes[number % this.#readmes.length]! }
    return this.#changed.get(number) ?? first
  }
}
