import { Agent, createServer, get, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import type { Random } from '../../src/types.ts'

/** What the origin may do to one request. */
export type Fault = 'answer' | 'delay' | 'hang' | 'reset' | 'refuse' | 'die'

/** How long a slow answer takes, and how long a request hangs before its connection is cut: real milliseconds. */
const slowMs = 15
const hangMs = 60

/**
 * A back end on a real socket that fails as back ends do: late, never, with a 500, with its connection reset, or in the
 * middle of an answer. It ends every request itself, so it knows how many of one key ran at a time.
 */
export class Origin {
  /** What to do to the next request. */
  next: (key: string) => Fault = () => 'answer'
  /** Requests that have come. */
  requests = 0
  /** Requests that are running. */
  running = 0
  /** The most requests that have ever run for one key at a time. */
  mostAtOnce = 0
  /** What every answer names, so that an old one is known. */
  version = 1
  readonly #atOnce = new Map<string, number>()
  readonly #server: Server
  readonly #agent = new Agent({ keepAlive: true, maxSockets: 256 })
  readonly #timers = new Set<NodeJS.Timeout>()

  constructor() {
    this.#server = createServer((request, response) => this.#serve(request, response))
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve))
  }

  async close(): Promise<void> {
    this.#agent.destroy()
    for (const timer of this.#timers) clearTimeout(timer)
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  /** Asks the origin as a program would. Rejects for anything but a whole answer of status 200. */
  load(key: string, signal?: AbortSignal): Promise<string> {
    const { port } = this.#server.address() as AddressInfo
    return new Promise((resolve, reject) => {
      const options = { host: '127.0.0.1', port, path: `/${key}`, agent: this.#agent, ...(signal && { signal }) }
      get(options, (response) => {
        let body = ''
        response.setEncoding('utf8')
        response.on('data', (part: string) => (body += part))
        response.on('error', reject)
        response.on('end', () => {
          if (response.statusCode === 200) resolve(body)
          else reject(new Error(`status ${response.statusCode}`))
        })
      }).on('error', reject)
    })
  }

  #serve(request: IncomingMessage, response: ServerResponse): void {
    const key = request.url!.slice(1)
    const socket = request.socket
    const atOnce = (this.#atOnce.get(key) ?? 0) + 1
    this.requests++
    this.running++
    this.#atOnce.set(key, atOnce)
    this.mostAtOnce = Math.max(this.mostAtOnce, atOnce)
    let isOver = false
    const over = (): void => {
      if (isOver) return
      isOver = true
      this.running--
      this.#atOnce.set(key, this.#atOnce.get(key)! - 1)
    }
    // Only a client that leaves gets here before the request is over.
    response.on('close', over)
    const cut = (by: Socket): void => {
      over()
      by.destroy()
    }
    const answer = (): void => {
      over()
      response.end(`${key} ${this.version}`)
    }
    switch (this.next(key)) {
      case 'answer':
        return answer()
      case 'delay':
        return this.#later(slowMs, answer)
      case 'hang':
        return this.#later(hangMs, () => cut(socket))
      case 'reset':
        return cut(socket)
      case 'refuse':
        over()
        response.writeHead(500).end()
        return
      case 'die':
        response.writeHead(200, { 'content-length': 1_000 })
        response.write(`${key} `)
        return this.#later(slowMs, () => cut(socket))
    }
  }

  #later(ms: number, act: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      act()
    }, ms)
    this.#timers.add(timer)
  }
}

/** A schedule of faults: a good half of all requests goes well. */
export function faultsBy(random: Random): () => Fault {
  const bad = ['delay', 'delay', 'hang', 'reset', 'refuse', 'die'] as const
  return () => (random() < 0.6 ? 'answer' : bad[Math.floor(random() * bad.length)]!)
}
