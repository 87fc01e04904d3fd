import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { expect } from 'chai'

import { RedisServer, redisPrograms } from '../support/redis-server.ts'
import { Member } from './member.ts'

/** Where the entries are, and what takes it away. */
type Start = (folder: string) => Promise<{ kind: 'redis' | 'lmdb'; at: string; stop: () => Promise<void> }>

const backends: Record<string, Start> = {
  lmdbTier: async (folder) => ({ kind: 'lmdb', at: join(folder, 'cache.mdb'), stop: async () => {} }),
}
for (const program of redisPrograms) {
  backends[`redisTier over ${program}`] = async () => {
    const server = await RedisServer.start(program)
    return { kind: 'redis', at: String(server.port), stop: () => server.stop() }
  }
}

for (const [name, start] of Object.entries(backends)) {
  describe(`four processes over ${name}`, function () {
    this.timeout(60_000)

    it('load a cold key once, for 1,000 callers in each, and end with nothing left open', async () => {
      const folder = mkdtempSync(join(tmpdir(), 'polycache-cluster-'))
      const { stop, ...where } = await start(folder)
      const members: Member[] = []
      try {
        // A busy machine is no reason to load twice here.
        const patient = { leaseTtl: 10_000, l2Timeout: 10_000 }
        const setting = { ...where, ...patient, origin: folder, checkEvery: 200, blindTtl: 200 }
        members.push(...(await Promise.all([1, 2, 3, 4].map(() => Member.start(setting)))))
        for (const [round, key] of ['a', 'b', 'c'].entries()) {
          writeFileSync(join(folder, key), String(round + 7))

          const answers = await Promise.all(members.map((member) => member.ask('many', key, 1_000)))

          for (const { values, count } of answers) expect([values, count]).to.deep.equal([[round + 7], 1_000])
          const loads = answers.reduce((sum: number, answer: { loads: number }) => sum + answer.loads, 0)
          expect(loads, `loads of ${round + 1} keys in all processes`).to.equal(round + 1)
        }
        for (const stats of await Promise.all(members.map((member) => member.ask('stats')))) {
          const { hits, misses, joins, staleHits } = stats as Record<string, number>
          expect(hits! + misses! + joins! + staleHits!).to.equal(3_000)
        }
        expect(await Promise.all(members.map((member) => member.end()))).to.deep.equal([0, 0, 0, 0])
      } finally {
        await Promise.all(members.map((member) => member.kill()))
        await stop()
        rmSync(folder, { recursive: true, force: true })
      }
    })
  })
}
