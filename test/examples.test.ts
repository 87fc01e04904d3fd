import { execFile } from 'node:child_process'
import process from 'node:process'
import { promisify } from 'node:util'

import { expect } from 'chai'

/** What an example says. An empty NODE_V8_COVERAGE leaves it out of the coverage of the tests, which would slow it down. */
async function outputOf(example: string): Promise<string> {
  const env = { ...process.env, NODE_V8_COVERAGE: '' }
  const { stdout, stderr } = await promisify(execFile)(process.execPath, ['--import', 'tsx/esm', example], { env })
  expect(stderr).to.equal('')
  return stdout
}

describe('the example of an agent', function () {
  this.timeout(60_000)

  it('runs a tool where it must, and answers from the cache where it may', async () => {
    const output = await outputOf('examples/agent.ts')

    expect(output.match(/^ {2}runs: .+$/gm)).to.deep.equal([
      '  runs: counts the apples',
      '  runs: counts the pears',
      '  runs: orders 20 apples',
      '  runs: counts the apples',
    ])
    expect(
      output.match(/^ {2}countStock \{"what":"apples"\}: (\d+)$/gm)?.map((line) => line.split(': ')[1]),
    ).to.deep.equal(['3', '3', '23'])
    expect(output).to.include('AgentLoopError: the tool countStock has been called 4 times in a row')
    const [, saved] = /^9 calls, 4 runs, 4 saved, about (\d+) ms of work saved$/m.exec(output)!
    expect(Number(saved)).to.be.at.least(150)
  })
})
