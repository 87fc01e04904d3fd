import type { CallToolResult, ServerNotification, ServerRequest } from '@modelcontextprotocol/sdk/types.js'
import type { RequestHandlerExtra } from '@modelcontextprotocol/sdk/shared/protocol.js'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import { tool, type ToolSet } from 'ai'
import { expectTypeOf } from 'expect-type'
import { z } from 'zod'

import { toolCache, type ToolArgs, type ToolResult } from '../../src/agents.ts'
import { lru } from '../../src/index.ts'

type Extra = RequestHandlerExtra<ServerRequest, ServerNotification>

const readNote = tool({
  inputSchema: z.object({ name: z.string() }),
  execute: async ({ name }) => ({ name, text: 'x' }),
})
const search = async (query: string, limit?: number): Promise<string[]> => [query, `${limit}`]
const half = (n: number): number => n / 2
const handler = async ({ id }: { id: number }, _extra: Extra): Promise<CallToolResult> => ({
  content: [{ type: 'text', text: `${id}` }],
})
const bare = async (_extra: Extra): Promise<CallToolResult> => ({ content: [] })
async function* pages(from: number): AsyncGenerator<string> {
  yield `${from}`
}

/* Compiling is the test; nothing here runs. */
export function typesOfTools(): void {
  const cache = toolCache({ store: lru<string>({ max: 10 }), ttl: 1_000 })
  const tools = cache.wrap(
    { readNote, search, half, handler, bare, pages },
    {
      readNote: { resource: ({ name }) => name, ttl: (note, { name }) => note.text.length + name.length },
      search: { key: (query, limit) => query.length + (limit ?? 0), when: (found) => found.length > 0 },
      half: { writes: true, resource: (n) => [`${n}`] },
      handler: { resource: (args) => `${args.id}` },
      bare: { resource: 'all' },
    },
  )
  expectTypeOf(tools.readNote).toEqualTypeOf<typeof readNote>()
  expectTypeOf(tools.search).toEqualTypeOf<typeof search>()
  expectTypeOf(tools.half).toEqualTypeOf<(n: number) => Promise<number>>()
  expectTypeOf(tools.handler).toEqualTypeOf<typeof handler>()
  expectTypeOf(tools.pages).toEqualTypeOf<(from: number) => AsyncGenerator<string> | Promise<string>>()
  expectTypeOf(cache.tool('sync', { kind: 'x', execute: (n: number) => n })).toExtend<{
    kind: string
    execute: (n: number) => Promise<number>
  }>()
  const set: ToolSet = { readNote }
  expectTypeOf(cache.wrap(set, { readNote: { ttl: 1, resource: ({ name }) => `${name}` } })).toEqualTypeOf<ToolSet>()
  expectTypeOf({ readNote: tools.readNote }).toExtend<ToolSet>()

  // @ts-expect-error -- there is no such tool
  cache.wrap({ search }, { serach: {} })
  // @ts-expect-error -- the query is a string
  cache.wrap({ search }, { search: { key: (query: number) => query } })
  // @ts-expect-error -- a resource is a string
  cache.wrap({ search }, { search: { resource: () => 1 } })
  // @ts-expect-error -- a note has no such property
  cache.tool('readNote', readNote, { ttl: (note) => note.size })
  // @ts-expect-error -- what says what is asked does not include the extra
  cache.tool('handler', handler, { key: (_args, extra: Extra) => extra.requestId })
  // @ts-expect-error -- the space is that of the cache
  cache.tool('search', search, { name: 'mine' })
  // @ts-expect-error -- a tool cache needs a store
  toolCache({})
}

export function typesOfParts(): void {
  expectTypeOf<ToolArgs<typeof readNote>>().toEqualTypeOf<[input: { name: string }]>()
  expectTypeOf<ToolResult<typeof readNote>>().toEqualTypeOf<{ name: string; text: string }>()
  expectTypeOf<ToolArgs<typeof search>>().toEqualTypeOf<[query: string, limit?: number | undefined]>()
  expectTypeOf<ToolArgs<typeof handler>>().toEqualTypeOf<[{ id: number }]>()
  expectTypeOf<ToolArgs<(id: string, all: boolean) => unknown>>().toEqualTypeOf<[id: string, all: boolean]>()
  expectTypeOf<ToolArgs<(id: string, more: any) => unknown>>().toEqualTypeOf<[id: string, more: any]>()
  expectTypeOf<ToolArgs<typeof bare>>().toEqualTypeOf<[]>()
  expectTypeOf<ToolResult<typeof pages>>().toEqualTypeOf<string>()
}

export function typesOfServers(): void {
  const server = new McpServer({ name: 'x', version: '1' })
  const cache = toolCache({ store: new Map() })
  server.registerTool('row', { inputSchema: { id: z.number() } }, cache.tool('row', handler, {}))
  server.registerTool(
    'inline',
    { inputSchema: { id: z.number() } },
    cache.tool(
      'inline',
      async ({ id }, extra) => {
        expectTypeOf(id).toEqualTypeOf<number>()
        expectTypeOf(extra).toEqualTypeOf<Extra>()
        return { content: [] }
      },
      { resource: ({ id }) => `row:${id}` },
    ),
  )
  server.registerTool('all', {}, cache.tool('all', bare, {}))
  // @ts-expect-error -- the handler takes a number
  server.registerTool('text', { inputSchema: { id: z.string() } }, cache.tool('text', handler, {}))
}
