import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'

/** A connection of a client, and that which stands for it at the server. */
interface Pair {
  readonly sockets: readonly Socket[]
  cutting: boolean
}

/** Stands between clients and a server of loopback, and can cut connections in the middle of what is said. */
export class CutProxy {
  readonly port: number
  readonly #server: Server
  readonly #pairs: Set<Pair>

  private constructor(server: Server, pairs: Set<Pair>) {
    this.port = (server.address() as AddressInfo).port
    this.#server = server
    this.#pairs = pairs
  }

  static async start(port: number): Promise<CutProxy> {
    const pairs = new Set<Pair>()
    const server = createServer((client) => {
      const upstream = connect(port, '127.0.0.1')
      const pair: Pair = { sockets: [client, upstream], cutting: false }
      pairs.add(pair)
      const end = (): void => {
        pairs.delete(pair)
        for (const socket of pair.sockets) socket.destroy()
      }
      for (const [from, to] of [
        [client, upstream],
        [upstream, client],
      ] as const) {
        from.setNoDelay(true)
        from.on('data', (bytes) => {
          if (!pair.cutting) return void to.write(bytes)
          to.write(bytes.subarray(0, bytes.length >> 1), end)
        })
        from.on('error', end)
        from.on('close', end)
      }
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    return new CutProxy(server, pairs)
  }

  /** How many connections there are. */
  get connections(): number {
    return this.#pairs.size
  }

  /** Lets each connection end with the first half of what is said on it next, by either side. */
  cut(): void {
    for (const pair of this.#pairs) pair.cutting = true
  }

  /** Ends all connections, and takes no new ones. */
  async stop(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve))
    for (const { sockets } of this.#pairs) for (const socket of sockets) socket.destroy()
    await closed
  }
}
