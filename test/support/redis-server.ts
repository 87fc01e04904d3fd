import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer, type AddressInfo, connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import process from 'node:process'

/** The programs that are servers of this kind, and whether they are here. Valkey is tested where there is one. */
export const redisPrograms: readonly string[] = ['redis-server', 'valkey-server'].filter(
  (program) => spawnSync(program, ['--version']).status === 0,
)

// In CI a server that is missing must not look like tests that passed.
if (process.env['CI'] !== undefined && !redisPrograms.includes('redis-server')) {
  throw new Error('redis-server is missing: apt-get install redis-server')
}

/** A port of loopback that nobody listens on. */
async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

/** A real server on loopback, with a folder of its own. */
export class RedisServer {
  readonly port: number
  readonly #program: string
  readonly #folder: string
  readonly #options: readonly string[]
  #process: ChildProcess | undefined

  private constructor(program: string, port: number, options: readonly string[]) {
    this.#program = program
    this.port = port
    this.#folder = mkdtempSync(join(tmpdir(), 'polycache-redis-'))
    this.#options = options
  }

  /** Starts a server that answers. */
  static async start(program: string, ...options: string[]): Promise<RedisServer> {
    const server = new RedisServer(program, await freePort(), options)
    await server.start()
    return server
  }

  /** Starts it again, with whatever data it has saved. */
  async start(): Promise<void> {
    const where = ['--port', String(this.port), '--bind', '127.0.0.1', '--dir', this.#folder, '--save', '']
    this.#process = spawn(this.#program, [...where, ...this.#options], { stdio: 'ignore' })
    await this.#answers()
  }

  signal(name: NodeJS.Signals): void {
    this.#process?.kill(name)
  }

  /** Ends it at once, as a crash does. */
  async kill(): Promise<void> {
    const child = this.#process
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
    const ended = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGCONT')
    child.kill('SIGKILL')
    await ended
  }

  /** Ends it at once, and starts it with nothing. */
  async startAnew(): Promise<void> {
    await this.kill()
    rmSync(this.#folder, { recursive: true, force: true })
    mkdirSync(this.#folder)
    await this.start()
  }

  /** Ends it and takes its folder away. */
  async stop(): Promise<void> {
    await this.kill()
    rmSync(this.#folder, { recursive: true, force: true })
  }

  async #answers(): Promise<void> {
    const deadline = performance.now() + 10_000
    while (!(await this.#answersOnce())) {
      if (performance.now() > deadline) throw new Error(`${this.#program} does not answer on port ${this.port}`)
      await new Promise((resolve) => setTimeout(resolve, 10))
    }
  }

  #answersOnce(): Promise<boolean> {
    return new Promise((resolve) => {
      const socket = connect(this.port, '127.0.0.1')
      socket.once('connect', () => socket.write('PING\r\n'))
      socket.once('data', (reply) => {
        resolve(String(reply).startsWith('+PONG'))
        socket.destroy()
      })
      socket.once('error', () => resolve(false))
      socket.once('close', () => resolve(false))
    })
  }
}
