/** A process with a tier over the file that its argument names. It does what it is told, or writes until it is killed. */
import process from 'node:process'

import { lmdbTier } from '../../../src/lmdb/index.ts'
import { seededRandom } from '../../../src/random.ts'
import type { Lease } from '../../../src/tiers/tier.ts'

const tier = lmdbTier({ path: process.argv[2]!, leaseTtl: Number(process.argv[3]), pollEvery: 2 })
const users = tier.space('users')
const leases = new Map<string, Lease>()

/** What can be asked of it, by name and key. */
const commands: Record<string, (key: string) => Promise<unknown>> = {
  async read(key) {
    const { state, entry, lease } = await users.read(key)
    if (lease !== undefined) leases.set(key, lease)
    return { state, lease: lease !== undefined, text: entry && Buffer.from(entry.bytes).toString() }
  },
  write: (key) =>
    users.write(key, leases.get(key)!, Buffer.from(`${key} of a worker`), { freshFor: 60_000, tags: ['x'] }),
  invalidate: (key) => users.invalidate(key),
  clear: () => users.clear(),
  /** Reads, and stands still in the midst of it. */
  async stand(key) {
    process.send!({ started: true })
    await new Promise((resolve) => setImmediate(resolve))
    void users.peek(key)
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
  },
  /** Makes the file longer and longer. */
  async grow() {
    process.send!({ started: true })
    for (let index = 0; ; index++) {
      const key = `grown ${index}`
      await users.write(key, await users.lease(key), Buffer.alloc(6_000), { freshFor: 60_000 })
    }
  },
  async scribble(seed) {
    const random = seededRandom(Number(seed))
    process.send!({ started: true })
    for (;;) {
      const key = `k${Math.floor(random() * 50)}`
      const lease = await users.lease(key)
      const size = Math.floor(random() * 6_000)
      await users.write(key, lease, Buffer.from(`${key}:`.padEnd(size, '.')), { freshFor: 60_000, tags: ['x', key] })
      if (random() < 0.1) await tier.invalidateTags([`k${Math.floor(random() * 50)}`])
    }
  },
}

process.on('message', ({ id, command, key }: { id: number; command: string; key: string }) => {
  void commands[command]!(key).then((result) => process.send!({ id, result }))
})
process.send!({ ready: true })
