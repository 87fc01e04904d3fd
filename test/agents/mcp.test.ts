import { Client } from '@modelcontextprotocol/sdk/client/index.js'
import { InMemoryTransport } from '@modelcontextprotocol/sdk/inMemory.js'
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js'
import type { CallToolResult } from '@modelcontextprotocol/sdk/types.js'
import { expect } from 'chai'
import { z } from 'zod'

import { toolCache, type ToolCache, type ToolCacheOptions } from '../../src/agents.ts'
import { lru } from '../../src/index.ts'
import { deferred } from '../../src/testing.ts'
import { rejection } from '../support/rejection.ts'

const text = (content: string): CallToolResult => ({ content: [{ type: 'text', text: content }] })

interface Served {
  readonly client: Client
  readonly cache: ToolCache
  readonly runs: string[]
  readonly signals: AbortSignal[]
  readonly ask: (name: string, args?: Record<string, unknown>) => Promise<string>
}

describe('handlers of a Model Context Protocol server, cached', () => {
  const open: (() => Promise<void>)[] = []
  const slow = deferred()

  async function serve(options: Partial<ToolCacheOptions> = {}): Promise<Served> {
    const rows: Record<string, string> = { '1': 'Ann' }
    const runs: string[] = []
    const signals: AbortSignal[] = []
    const cache = toolCache({ store: lru({ max: 100 }), ...options })
    const server = new McpServer({ name: 'rows', version: '1.0.0' })

    const row = { inputSchema: { id: z.string() } }
    server.registerTool(
      'get_row',
      row,
      cache.tool(
        'get_row',
        async ({ id }: { id: string }): Promise<CallToolResult> => {
          runs.push(`get ${id}`)
          return rows[id] === undefined ? { ...text('no such row'), isError: true } : text(rows[id])
        },
        { resource: ({ id }) => `row:${id}` },
      ),
    )
    server.registerTool(
      'set_row',
      { inputSchema: { id: z.string(), value: z.string() } },
      cache.tool(
        'set_row',
        async (
          { id, value }: { id: string; value: string },
          extra: { sessionId?: string },
        ): Promise<CallToolResult> => {
          runs.push(`set ${id}`)
          rows[id] = value
          return text(`set in ${extra.sessionId ?? 'no session'}`)
        },
        { writes: true, resource: ({ id }) => `row:${id}` },
      ),
    )
    server.registerTool(
      'count_rows',
      {},
      cache.tool(
        'count_rows',
        async ({ signal }: { signal: AbortSignal }): Promise<CallToolResult> => {
          runs.push('count')
          signals.push(signal)
          await slow.promise
          return text(`${Object.keys(rows).length}`)
        },
        {},
      ),
    )

    const client = new Client({ name: 'test', version: '1.0.0' })
    const [near, far] = InMemoryTransport.createLinkedPair()
    await Promise.all([server.connect(far), client.connect(near)])
    open.push(async () => {
      await client.close()
      await server.close()
      await cache.close()
    })
    const ask = async (name: string, args: Record<string, unknown> = {}): Promise<string> => {
      const { content, isError } = (await client.callTool({ name, arguments: args })) as CallToolResult
      return (isError === true ? 'error: ' : '') + (content[0] as { text: string }).text
    }
    return { client, cache, runs, signals, ask }
  }

  afterEach(async () => {
    for (const close of open.splice(0)) await close()
  })

  it('read once, and again after a write', async () => {
    const { ask, runs, cache } = await serve()

    expect(await ask('get_row', { id: '1' })).to.equal('Ann')
    expect(await ask('get_row', { id: '1' })).to.equal('Ann')
    expect(await ask('set_row', { id: '1', value: 'Bob' })).to.equal('set in no session')
    expect(await ask('get_row', { id: '1' })).to.equal('Bob')

    expect(runs).to.deep.equal(['get 1', 'set 1', 'get 1'])
    expect(cache.summary().tools['get_row']).to.include({ calls: 3, runs: 2, saved: 1 })
  })

  it('do not keep a result that is an error, unless asked to', async () => {
    const plain = await serve()
    const asked = await serve({ errorTtl: 1_000 })

    for (const { ask, runs } of [plain, asked]) {
      expect(await ask('get_row', { id: '2' })).to.equal('error: no such row')
      expect(await ask('get_row', { id: '2' })).to.equal('error: no such row')
      await ask('set_row', { id: '2', value: 'Eve' })
      expect(runs).to.deep.equal(runs === plain.runs ? ['get 2', 'get 2', 'set 2'] : ['get 2', 'set 2'])
    }
    expect(await plain.ask('get_row', { id: '2' })).to.equal('Eve')
  })

  it('without input share one run, which stops when all its requests are cancelled', async () => {
    const { client, ask, runs, signals } = await serve()
    const first = new AbortController()
    const second = new AbortController()
    const asked = [first, second].map(({ signal }) =>
      client.callTool({ name: 'count_rows' }, undefined, { signal }).catch(() => 'cancelled'),
    )
    while (runs.length === 0) await new Promise((resolve) => setImmediate(resolve))
    const stopped = deferred()
    signals[0]!.addEventListener('abort', () => stopped.resolve())

    first.abort()
    expect(await asked[0]).to.equal('cancelled')
    expect(signals[0]!.aborted).to.equal(false)
    second.abort()
    await stopped.promise
    await asked[1]
    slow.resolve()

    expect(await ask('count_rows')).to.equal('1')
    expect(await ask('count_rows')).to.equal('1')
    expect(runs).to.deep.equal(['count', 'count'])
  })

  it('tell their client of a loop as of any error', async () => {
    const { ask } = await serve({ maxRepeats: 1 })
    await ask('get_row', { id: '1' })

    expect(await ask('get_row', { id: '1' })).to.match(/^error: the tool get_row has been called 2 times in a row/)
  })

  it('are refused when the session is closed', async () => {
    const { ask, cache } = await serve({ session: 'mine' })
    await cache.close()

    expect(await ask('get_row', { id: '1' })).to.equal('error: the session mine has been closed')
    expect(await rejection(cache.tool('later', async () => 1)())).to.have.property('name', 'ClosedError')
  })
})
