import { execFile } from 'node:child_process'
import process from 'node:process'

import { expect } from 'chai'

import { RedisServer, redisPrograms } from '../support/redis-server.ts'

const run = (more: NodeJS.ProcessEnv): Promise<{ code: unknown; output: string; errors: string }> => {
  // An empty NODE_V8_COVERAGE leaves the children out of the coverage of the tests, which would slow them down.
  const env: NodeJS.ProcessEnv = { ...process.env, NODE_V8_COVERAGE: '', ...more }
  return new Promise((resolve) => {
    execFile(process.execPath, ['--import', 'tsx/esm', 'examples/cluster.ts'], { env }, (error, output, errors) => {
      resolve({ code: error === null ? 0 : error.code, output, errors })
    })
  })
}
const claim = '1000 requests answered by 4 processes, from 1 load of 1 process\n'

describe('examples/cluster.ts', function () {
  this.timeout(60_000)

  it('answers 1,000 requests for a cold key with one load, over a file, and ends by itself', async () => {
    expect(await run({})).to.deep.equal({ code: 0, output: claim, errors: '' })
  })

  for (const program of redisPrograms) {
    it(`does so over ${program}`, async () => {
      const server = await RedisServer.start(program)
      try {
        const env = { REDIS_URL: `redis://127.0.0.1:${server.port}` }
        expect(await run(env)).to.deep.equal({ code: 0, output: claim, errors: '' })
      } finally {
        await server.stop()
      }
    })
  }
})
