/**
 * An agent that reads, writes and reads again, with the AI SDK: `npx tsx examples/agent.ts`.
 *
 * The model is scripted, so nothing goes over a network. What is cached, and what a write makes of it, is as real as it
 * gets.
 */
import { generateText, stepCountIs, tool } from 'ai'
import { MockLanguageModelV3 } from 'ai/test'
import { z } from 'zod'

import { toolCache } from '../src/agents.ts'
import { lru } from '../src/index.ts'

const stock = new Map([
  ['apples', 3],
  ['pears', 12],
])
const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))

/** A store of goods, as an agent sees it: it takes its time. */
const tools = {
  countStock: tool({
    description: 'How many of something there are.',
    inputSchema: z.object({ what: z.string() }),
    execute: async ({ what }) => {
      console.log(`  runs: counts the ${what}`)
      await sleep(40)
      return stock.get(what) ?? 0
    },
  }),
  order: tool({
    description: 'Orders more of something.',
    inputSchema: z.object({ what: z.string(), count: z.number() }),
    execute: async ({ what, count }) => {
      console.log(`  runs: orders ${count} ${what}`)
      await sleep(40)
      stock.set(what, (stock.get(what) ?? 0) + count)
      return 'ordered'
    },
  }),
}

const cache = toolCache({ store: lru({ max: 1_000 }), session: 'monday', maxRepeats: 3 })
const cachedTools = cache.wrap(tools, {
  countStock: { ttl: 60_000, resource: ({ what }) => `stock:${what}` },
  order: { writes: true, resource: ({ what }) => `stock:${what}` },
})

/** What the model does, a step each. It gets into a loop at the end, as models do. */
const script: [name: keyof typeof tools, input: object][] = [
  ['countStock', { what: 'apples' }],
  ['countStock', { what: 'pears' }],
  ['countStock', { what: 'apples' }],
  ['order', { what: 'apples', count: 20 }],
  ['countStock', { what: 'apples' }],
  ['countStock', { what: 'pears' }],
  ['countStock', { what: 'pears' }],
  ['countStock', { what: 'pears' }],
  ['countStock', { what: 'pears' }],
]

const usage = {
  inputTokens: { total: 0, noCache: 0, cacheRead: 0, cacheWrite: 0 },
  outputTokens: { total: 0, text: 0, reasoning: 0 },
}
let step = 0
const model = new MockLanguageModelV3({
  doGenerate: async () => {
    const call = script[step++]
    const [toolName, input] = call ?? []
    if (toolName === undefined) {
      const content = [{ type: 'text' as const, text: 'There are enough apples now.' }]
      return { content, finishReason: { unified: 'stop', raw: undefined }, usage, warnings: [] }
    }
    console.log(`${toolName}(${JSON.stringify(input)})`)
    const content = [{ type: 'tool-call' as const, toolCallId: `${step}`, toolName, input: JSON.stringify(input) }]
    return { content, finishReason: { unified: 'tool-calls', raw: undefined }, usage, warnings: [] }
  },
})

const { text, steps } = await generateText({
  model,
  tools: cachedTools,
  prompt: 'See to it that we have enough apples.',
  stopWhen: stepCountIs(script.length + 1),
})

console.log('\nwhat the model was told:')
for (const part of steps.flatMap(({ content }) => content)) {
  if (part.type === 'tool-result')
    console.log(`  ${part.toolName} ${JSON.stringify(part.input)}: ${String(part.output)}`)
  if (part.type === 'tool-error') console.log(`  ${part.toolName}: ${String(part.error)}`)
}
console.log(`\n${text}`)

const { calls, runs, saved, savedMs } = cache.summary()
console.log(`${calls} calls, ${runs} runs, ${saved} saved, about ${Math.round(savedMs / 10) * 10} ms of work saved`)
await cache.close()
