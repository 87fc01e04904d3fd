import { dynamicTool, generateText, stepCountIs, tool } from 'ai'
import { MockLanguageModelV3 } from 'ai/test'
import { expect } from 'chai'
import { z } from 'zod'

import { toolCache, type ToolCacheOptions } from '../../src/agents.ts'
import { lru } from '../../src/index.ts'
import { deferred } from '../../src/testing.ts'
import { rejection } from '../support/rejection.ts'

type Call = readonly [name: string, input: object]

/** A model that makes these calls, one step after the other, and says that it is done. */
function scripted(calls: readonly Call[]): MockLanguageModelV3 {
  const usage = {
    inputTokens: { total: 1, noCache: 1, cacheRead: 0, cacheWrite: 0 },
    outputTokens: { total: 1, text: 1, reasoning: 0 },
  }
  const steps = calls.map(([toolName, input], index) => ({
    content: [{ type: 'tool-call' as const, toolCallId: `call ${index}`, toolName, input: JSON.stringify(input) }],
    finishReason: { unified: 'tool-calls' as const, raw: undefined },
    usage,
    warnings: [],
  }))
  const last = {
    content: [{ type: 'text' as const, text: 'done' }],
    finishReason: { unified: 'stop' as const, raw: undefined },
    usage,
    warnings: [],
  }
  return new MockLanguageModelV3({ doGenerate: [...steps, last] })
}

function notes() {
  const texts: Record<string, string> = { todo: 'buy milk' }
  const runs: string[] = []
  const tools = {
    readNote: tool({
      description: 'Reads a note.',
      inputSchema: z.object({ name: z.string() }),
      execute: async ({ name }) => {
        runs.push(`read ${name}`)
        return texts[name] ?? 'no such note'
      },
    }),
    writeNote: tool({
      description: 'Writes a note.',
      inputSchema: z.object({ name: z.string(), text: z.string() }),
      execute: async ({ name, text }) => {
        runs.push(`write ${name}`)
        texts[name] = text
        return 'written'
      },
    }),
    askUser: tool({ description: 'Is answered by the user.', inputSchema: z.object({}), outputSchema: z.string() }),
  }
  const wrap = (options: Partial<ToolCacheOptions> = {}) => {
    const cache = toolCache({ store: lru({ max: 100 }), ...options })
    const wrapped = cache.wrap(tools, {
      readNote: { resource: ({ name }) => `note:${name}` },
      writeNote: { writes: true, resource: ({ name }) => `note:${name}` },
    })
    return { cache, tools: wrapped }
  }
  return { tools, runs, wrap }
}

const options = { toolCallId: 'call', messages: [] }

describe('tools of the AI SDK, cached', () => {
  it('are read, written and read again by a model', async () => {
    const { runs, wrap } = notes()
    const { cache, tools } = wrap()
    const model = scripted([
      ['readNote', { name: 'todo' }],
      ['readNote', { name: 'todo' }],
      ['writeNote', { name: 'todo', text: 'buy bread' }],
      ['readNote', { name: 'todo' }],
    ])

    const { text, steps } = await generateText({ model, tools, prompt: 'go', stopWhen: stepCountIs(10) })

    expect(text).to.equal('done')
    expect(steps.flatMap(({ toolResults }) => toolResults.map(({ output }) => output))).to.deep.equal([
      'buy milk',
      'buy milk',
      'written',
      'buy bread',
    ])
    expect(runs).to.deep.equal(['read todo', 'write todo', 'read todo'])
    expect(cache.summary()).to.include({ calls: 4, runs: 3, saved: 1 })
  })

  it('tell the model of a loop as of any failure of a tool', async () => {
    const { wrap } = notes()
    const { tools } = wrap({ maxRepeats: 2 })
    const model = scripted(Array.from({ length: 3 }, () => ['readNote', { name: 'todo' }] as const))

    const { steps } = await generateText({ model, tools, prompt: 'go', stopWhen: stepCountIs(10) })

    const parts = steps.flatMap(({ content }) => content.filter(({ type }) => type !== 'tool-call'))
    expect(parts.map(({ type }) => type)).to.deep.equal(['tool-result', 'tool-result', 'tool-error', 'text'])
    expect(JSON.stringify(model.doGenerateCalls.at(-1)!.prompt)).to.include('has been called 3 times in a row')
  })

  it('keep all that they have besides', () => {
    const { tools, wrap } = notes()
    const wrapped = wrap().tools

    expect(wrapped.readNote).to.include({ description: 'Reads a note.', inputSchema: tools.readNote.inputSchema })
    expect(wrapped.readNote.execute).not.to.equal(tools.readNote.execute)
    expect(wrapped.askUser).to.equal(tools.askUser)
    expect(Object.keys(wrapped.readNote)).to.deep.equal(Object.keys(tools.readNote))
  })

  it('are left by a caller whose signal fires, and stopped when all have left', async () => {
    const result = deferred<string>()
    let seen: AbortSignal | undefined
    const slow = tool({
      inputSchema: z.object({ q: z.string() }),
      execute: (_, { abortSignal }) => {
        seen = abortSignal
        return result.promise
      },
    })
    const search = toolCache({ store: lru({ max: 10 }) }).tool('search', slow, {}).execute!
    const [first, second] = [new AbortController(), new AbortController()]
    const calls = [first, second].map(({ signal }) => search({ q: 'x' }, { ...options, abortSignal: signal }))

    first.abort(new Error('enough'))
    expect(await rejection(calls[0] as Promise<string>)).to.have.property('message', 'enough')
    expect(seen!.aborted).to.equal(false)
    second.abort(new Error('me too'))
    expect(await rejection(calls[1] as Promise<string>)).to.have.property('message', 'me too')
    expect(seen!.aborted).to.equal(true)
    result.resolve('late')
  })

  it('give their own options on to those that write or have no rule', async () => {
    const seen: unknown[] = []
    const write = tool({ inputSchema: z.object({}), execute: async (_, given) => seen.push(given) })
    const cache = toolCache({ store: lru({ max: 10 }) })
    const given = { ...options, abortSignal: new AbortController().signal }

    await cache.tool('write', write, { writes: true }).execute!({}, given)
    await cache.tool('other', write).execute!({}, given)

    expect(seen).to.have.length(2)
    for (const each of seen) expect(each).to.equal(given)
  })

  it('that give results in turn give the last one where they are kept, and all where they are not', async () => {
    let runs = 0
    const counting = tool({
      inputSchema: z.object({ to: z.number() }),
      async *execute({ to }) {
        runs++
        for (let number = 1; number <= to; number++) yield `${number}`
      },
    })
    const cache = toolCache({ store: lru({ max: 10 }) })
    const wrapped = cache.wrap(
      { kept: counting, plain: counting, write: counting, read: async (_: string) => ++runs },
      { kept: {}, write: { writes: true, resource: 'r' }, read: { resource: 'r' } },
    )

    expect(await wrapped.kept.execute!({ to: 3 }, options)).to.equal('3')
    expect(await wrapped.kept.execute!({ to: 3 }, options)).to.equal('3')
    expect(runs).to.equal(1)
    for (const name of ['plain', 'write'] as const) {
      const given: string[] = []
      for await (const each of wrapped[name].execute!({ to: 2 }, options) as AsyncIterable<string>) {
        given.push(each)
        // The fence stands while results come: nothing that is read meanwhile is kept.
        if (name === 'write') await wrapped.read(each)
      }
      expect(given).to.deep.equal(['1', '2'])
    }
    expect(await wrapped.read('2')).to.equal(6)
    expect(await wrapped.read('2')).to.equal(6)
  })

  it('that write and give results in turn leave no fence where nobody asks for them', async () => {
    let runs = 0
    const write = tool({
      inputSchema: z.object({}),
      async *execute() {
        yield 'written'
      },
    })
    const cache = toolCache({ store: lru({ max: 10 }) })
    const wrapped = cache.wrap({ write, read: async (_: string) => ++runs }, { write: { writes: true }, read: {} })
    await wrapped.read('a')
    wrapped.write.execute!({}, options)

    expect([await wrapped.read('a'), await wrapped.read('a')]).to.deep.equal([2, 2])
    const results = wrapped.write.execute!({}, options) as AsyncGenerator<string>
    await results.next()
    expect([await wrapped.read('a'), await wrapped.read('a')]).to.deep.equal([3, 4])
    await results.return(undefined)
    expect([await wrapped.read('a'), await wrapped.read('a')]).to.deep.equal([5, 5])
  })

  it('that give results in turn are not given again in a loop', async () => {
    const counting = tool({
      inputSchema: z.object({}),
      async *execute() {
        yield 1
      },
    })
    const cache = toolCache({ store: lru({ max: 10 }), maxRepeats: 1, onLoop: 'cached' })
    const { execute } = cache.tool('counting', counting)
    execute!({}, options)

    expect(await rejection(execute!({}, options) as Promise<number>)).to.have.property('name', 'AgentLoopError')
  })

  it('may be dynamic', async () => {
    let runs = 0
    const any = dynamicTool({ inputSchema: z.unknown(), execute: async (input) => [++runs, input] })
    const { execute } = toolCache({ store: lru({ max: 10 }) }).tool('any', any, {})

    await execute!({ b: 1, a: 2 }, options)

    expect(await execute!({ a: 2, b: 1 }, { ...options, toolCallId: 'another' })).to.deep.equal([1, { b: 1, a: 2 }])
  })
})
