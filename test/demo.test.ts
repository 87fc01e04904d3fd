import { execFile } from 'node:child_process'
import { availableParallelism, loadavg } from 'node:os'
import process from 'node:process'
import { stripVTControlCharacters } from 'node:util'

import { expect } from 'chai'

import { bar } from '../demo/bar.ts'
import { wantsColours } from '../demo/colours.ts'
import { titleOf, wordsOf } from '../demo/markdown.ts'
import { Stage } from '../demo/stage.ts'
import { align, wrap } from '../demo/text.ts'
import { zipf } from '../demo/zipf.ts'

interface Run {
  code: unknown
  output: string
  errors: string
  ms: number
  /** Whether others wanted the processors too. */
  busy: boolean
}

function runDemo(): Promise<Run> {
  // An empty NODE_V8_COVERAGE leaves the child out of the coverage of the tests, which would slow it down.
  const env: NodeJS.ProcessEnv = { ...process.env, NODE_V8_COVERAGE: '' }
  delete env['FORCE_COLOR']
  const start = performance.now()
  return new Promise((resolve) => {
    execFile(process.execPath, ['--import', 'tsx/esm', 'demo/main.ts'], { env }, (error, output, errors) => {
      const busy = loadavg()[0]! > availableParallelism()
      resolve({ code: error === null ? 0 : error.code, output, errors, ms: performance.now() - start, busy })
    })
  })
}

describe('the demo', function () {
  this.timeout(60_000)
  let run: Run

  before(async () => {
    run = await runDemo()
  })

  it('keeps all that it claims, and ends by itself with exit code 0', () => {
    expect(run.output).to.match(/^([1-9]\d*) of \1 claims held$/m)
    expect(run.output).not.to.include('✗')
    expect(run.code).to.equal(0)
    expect(run.errors).to.equal('')
  })

  it('shows what it was made to show', () => {
    expect(run.output).to.include('✓ hits 3, misses 8')
    expect(run.output.match(/^\d\. .+$/gm)).to.have.length(6)
  })

  it('is plain when piped, on 80 columns', () => {
    const lines = run.output.split('\n')

    expect(stripVTControlCharacters(run.output)).to.equal(run.output)
    expect(lines.filter((line) => [...line].length > 80)).to.deep.equal([])
    expect(lines.filter((line) => line !== line.trimEnd())).to.deep.equal([])
  })

  it('takes less than 20 seconds, on a machine that has nothing else to do', function () {
    if (run.busy) this.skip()
    expect(run.ms).to.be.below(20_000)
  })
})

describe('the stage of the demo', () => {
  function openStage(coloured = false): { stage: Stage; shown: () => string } {
    let shown = ''
    const stage = new Stage((text) => (shown += text), coloured)
    return { stage, shown: () => shown }
  }

  it('ends with exit code 0 when all claims held', () => {
    const { stage, shown } = openStage()

    stage.claim('one and one is two', 1 + 1, 2)
    stage.claim('objects are compared by structure', { hits: 3 }, { hits: 3 })
    stage.claim('what is true needs no more words', true)
    stage.summary()

    expect(stage.exitCode).to.equal(0)
    expect(shown()).to.include('3 of 3 claims held')
  })

  it('ends with exit code 1 when one claim did not hold, and shows what was so instead', () => {
    const { stage, shown } = openStage()

    stage.claim('the server was asked once', 2, 1)
    stage.claim('one and one is two', 1 + 1, 2)
    stage.summary()

    expect(stage.exitCode).to.equal(1)
    expect(shown()).to.include('✗ the server was asked once')
    expect(shown()).to.include('it was 2')
    expect(shown()).to.include('1 of 2 claims held')
  })

  it('ends with exit code 1 when nothing was claimed at all', () => {
    expect(openStage().stage.exitCode).to.equal(1)
  })

  it('keeps even long claims and wrong values on 80 columns', () => {
    const { stage, shown } = openStage()
    const long = 'a claim '.repeat(40).trim()

    stage.chapter(long, long)
    stage.claim(
      long,
      Array.from({ length: 60 }, () => long),
    )

    expect(
      shown()
        .split('\n')
        .slice(2)
        .filter((line) => line.length > 80),
    ).to.deep.equal([])
  })

  it('paints only when asked to', () => {
    expect(openStage(true).stage.paint('green', 'hit')).to.equal('\x1b[32mhit\x1b[39m')
    expect(openStage(false).stage.paint('green', 'hit')).to.equal('hit')
  })
})

describe('the helpers of the demo', () => {
  it('want colours on a terminal that has them, unless the environment says otherwise', () => {
    const terminal = { isTTY: true, getColorDepth: () => 8 }
    const pipe = {}

    expect(wantsColours(terminal, {})).to.equal(true)
    expect(wantsColours(terminal, { NO_COLOR: '1' })).to.equal(false)
    expect(wantsColours(terminal, { NO_COLOR: '' })).to.equal(true)
    expect(wantsColours({ ...terminal, getColorDepth: () => 1 }, {})).to.equal(false)
    expect(wantsColours(pipe, {})).to.equal(false)
    expect(wantsColours(pipe, { FORCE_COLOR: '1', NO_COLOR: '1' })).to.equal(true)
    expect(wantsColours(terminal, { FORCE_COLOR: '0' })).to.equal(false)
  })

  it('align cells to the left and to the right, whatever their colours', () => {
    expect(align([6, -4, 3], ['a', 'b', 'c'])).to.equal('a          b  c')
    expect(align([2, 2], ['\x1b[32ma\x1b[39m', 'b'])).to.equal('\x1b[32ma\x1b[39m   b')
  })

  it('break lines between words', () => {
    expect(wrap('one two three', 7)).to.deep.equal(['one two', 'three'])
  })

  it('draw bars to half a block, and go on in the next line', () => {
    expect(bar(0, 4)).to.deep.equal([])
    expect(bar(2.5, 4)).to.deep.equal(['██▌'])
    expect(bar(6, 4)).to.deep.equal(['████', '██'])
  })

  it('read titles and count words of Markdown', () => {
    expect(titleOf('text\n\n# The [cache](https://cache.test) `ü` ![badge](x)\n')).to.equal('The cache')
    expect(titleOf('no title here')).to.equal('no heading')
    expect(wordsOf(' one\ntwo  three ')).to.equal(3)
    expect(wordsOf('')).to.equal(0)
  })

  it('draw the same requests from the same seed, small numbers most often', () => {
    const drawn = zipf(10, 1_000, 1)
    const times = (number: number): number => drawn.filter((each) => each === number).length

    expect(zipf(10, 1_000, 1)).to.deep.equal(drawn)
    expect(times(0))
      .to.be.greaterThan(times(1))
      .and.greaterThan(2 * times(9))
    expect(Math.min(...drawn)).to.equal(0)
    expect(Math.max(...drawn)).to.equal(9)
  })
})
