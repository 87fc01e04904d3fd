import { type ChildProcess, fork } from 'node:child_process'
import { once } from 'node:events'

import type { Setting } from './workers/member.ts'

/** What a member replies. */
interface Reply {
  readonly id: number
  readonly result?: unknown
  readonly error?: string
}

/** One process of a cluster, seen from the test. */
export class Member {
  readonly #process: ChildProcess
  readonly #waiting = new Map<number, { resolve(result: unknown): void; reject(error: Error): void }>()
  #asked = 0

  private constructor(child: ChildProcess) {
    this.#process = child
    child.on('message', ({ id, result, error }: Reply) => {
      const waiting = this.#waiting.get(id)
      this.#waiting.delete(id)
      if (error === undefined) waiting?.resolve(result)
      else waiting?.reject(new Error(error))
    })
    child.once('exit', () => {
      for (const { reject } of this.#waiting.values()) reject(new MemberGone())
      this.#waiting.clear()
    })
  }

  static async start(setting: Setting): Promise<Member> {
    const child = fork('test/cluster/workers/member.ts', [JSON.stringify(setting)], {
      execArgv: ['--import=tsx/esm', '--expose-gc'],
    })
    await once(child, 'message')
    return new Member(child)
  }

  ask(command: string, key = '', count = 1): Promise<any> {
    return new Promise((resolve, reject) => {
      const id = ++this.#asked
      this.#waiting.set(id, { resolve, reject })
      this.#process.send({ id, command, key, count }, (error) => {
        if (error !== null && this.#waiting.delete(id)) reject(new MemberGone())
      })
    })
  }

  /** Lets it end by itself, and gives its exit code: with anything left open it would not end. */
  async end(): Promise<number | null> {
    const gone = once(this.#process, 'exit')
    this.ask('end').catch(() => {})
    const [code] = (await gone) as [number | null]
    return code
  }

  async kill(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return
    const gone = once(this.#process, 'exit')
    this.#process.kill('SIGKILL')
    await gone
  }
}

/** A member that has ended before it replied. */
export class MemberGone extends Error {
  override readonly name = 'MemberGone'
}
