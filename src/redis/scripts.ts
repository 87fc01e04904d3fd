import { createHash } from 'node:crypto'
import { fixedHead, magic } from '../tiers/record.ts'
import { entry, fence } from './lua.ts'

/** The name of a script. */
export type ScriptName =
  | 'believe'
  | 'expire'
  | 'invalidate'
  | 'lease'
  | 'mark'
  | 'put'
  | 'read'
  | 'release'
  | 'renew'
  | 'sent'
  | 'write'

const bodies: Readonly<Record<ScriptName, string>> = {
  /**
   * space, token and leaseTtl or '', and perhaps the id of an entry to be taken out → a hit: the entry and, in 8
   * bytes, now; all else: [code, now, entry or '', damaged]
   *
   * A hit is answered before the first function is made, for making them takes longer than all that a hit does.
   */
  read: `
local value = redis.pcall('GET', KEYS[3])
if #ARGV == 2 and type(value) == 'string' and #value >= ${fixedHead} then
  local form, _, seq, _, fresh, _, _, count, length = struct.unpack('>c4c8ddddc16I2I4', value)
  if form == '${magic}' and count <= 1000 then
    local f
    local at = ${fixedHead + 1}
    if count == 0 then
      f = redis.call('HMGET', KEYS[1], 'low', ARGV[1])
    else
      local words = { 'HMGET', KEYS[1], 'low', ARGV[1] }
      for i = 1, count do
        if at + 1 > #value then break end
        local size = struct.unpack('>I2', value, at)
        words[4 + i] = 't:' .. string.sub(value, at + 2, at + 1 + size)
        at = at + 2 + size
      end
      f = redis.call(unpack(words))
    end
    -- What is above the low mark was stored after the marks of the fence began, and needs no older ones.
    if at == ${fixedHead + 1} + length and f[1] and seq >= tonumber(f[1]) then
      local hit = true
      for i = 2, #f do
        if f[i] and tonumber(f[i]) > seq then hit = false end
      end
      if hit then
        local t = redis.call('TIME')
        local time = t[1] * 1000 + math.floor(t[2] / 1000)
        if time < fresh then return value .. struct.pack('>d', time) end
      end
    end
  end
end
${fence}${entry}
local seq = fence()
if ARGV[3] and type(value) == 'string' then
  if string.sub(value, 5, 12) .. string.sub(value, 45, 60) == ARGV[3] then redis.call('DEL', KEYS[3]) end
end
local found, damaged = look(ARGV[1])
local time = now()
if found and time < found.fresh then return { 0, time, found.value } end
local code = 1
if ARGV[2] ~= '' then
  local lease = held(ARGV[1])
  if not lease then
    grant(string.sub(ARGV[2], 1, 16), seq, string.sub(ARGV[2], 17), '-')
    code = 2
  elseif string.sub(lease, 17, 17) ~= '!' then
    redis.call('SETRANGE', KEYS[4], 16, '!')
  end
end
return { code, time, found and found.value or '', damaged and 1 or 0 }
`,

  /** space, token, leaseTtl */
  lease: `${fence}${entry}
local seq = fence()
local before = held(ARGV[1])
grant(ARGV[2], seq, ARGV[3], before and string.sub(before, 17, 17) or '-')
return 1
`,

  /** token, leaseTtl → 1 if it is still held */
  renew: `
local lease = redis.pcall('GET', KEYS[4])
if type(lease) ~= 'string' or string.sub(lease, 1, 16) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[4], ARGV[2])
`,

  /**
   * space, token, freshFor, staleFor, number of tags, tags, payload, channel, message for those who wait, head and tail
   * of the message for the backplane or ''; then the marks of the tags → 1 if it was stored
   */
  write: `${fence}${entry}
fence()
local lease, seq = held(ARGV[1])
if not lease or string.sub(lease, 1, 16) ~= ARGV[2] then return 0 end
local marks = { ARGV[1] }
for i = 12, #ARGV do marks[#marks + 1] = ARGV[i] end
local stored = alive(seq, marks)
if stored then
  store(seq, ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5]), ARGV[6], ARGV[7])
  if ARGV[10] ~= '' then say(ARGV[8], ARGV[10], ARGV[11]) end
end
finish(lease, ARGV[8], ARGV[9])
return stored and 1 or 0
`,

  /** As write, but under no lease: the token is the stamp. */
  put: `${fence}${entry}
local seq = fence()
store(seq, ARGV[2], tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5]), ARGV[6], ARGV[7])
redis.call('DEL', KEYS[4])
say(ARGV[8], ARGV[10], ARGV[11])
return 1
`,

  /** token, channel, message for those who wait */
  release: `${entry}
local lease = redis.pcall('GET', KEYS[4])
if type(lease) == 'string' and string.sub(lease, 1, 16) == ARGV[1] then finish(lease, ARGV[2], ARGV[3]) end
return 1
`,

  /** space, channel, head and tail of the message → 1 if it was there */
  invalidate: `${fence}${entry}
fence()
local found = look(ARGV[1])
redis.call('DEL', KEYS[3], KEYS[4])
say(ARGV[2], ARGV[3], ARGV[4])
return found and 1 or 0
`,

  /** space, channel, head and tail of the message → 1 if it was there */
  expire: `${fence}${entry}
fence()
local found = look(ARGV[1])
redis.call('DEL', KEYS[4])
say(ARGV[2], ARGV[3], ARGV[4])
if not found then return 0 end
local time = now()
if found.stale <= 0 then
  redis.call('DEL', KEYS[3])
elseif time < found.fresh then
  local value = found.value
  local head = string.sub(value, 13, 28) .. struct.pack('>d', time) .. string.sub(value, 37, found.at - 1)
  value = '${magic}' .. string.sub(redis.sha1hex(head), 1, 8) .. head .. string.sub(value, found.at)
  if found.stale < 1e15 then
    redis.call('SET', KEYS[3], value, 'PX', number(math.max(1, math.ceil(found.stale))))
  else
    redis.call('SET', KEYS[3], value)
  end
end
return 1
`,

  /** the most marks, channel, head and tail of the message; then the marks. Without marks everything is invalidated. */
  mark: `${fence}
local seq, floor = fence()
seq = redis.call('HINCRBY', KEYS[1], 'seq', 1)
if #ARGV == 4 then redis.call('HSET', KEYS[1], 'floor', number(seq), 'low', number(seq)) end
for i = 5, #ARGV do redis.call('HSET', KEYS[1], ARGV[i], number(seq)) end
say(ARGV[2], ARGV[3], ARGV[4])
if redis.call('HLEN', KEYS[1]) > tonumber(ARGV[1]) then
  local f = redis.call('HMGET', KEYS[1], 'floor', 'turned', 'sent', 'run')
  redis.call('RENAME', KEYS[1], KEYS[2])
  -- What is older than the marks that are dropped here can no longer be told dead from alive.
  local low = math.max(tonumber(f[1]), tonumber(f[2] or '0'))
  redis.call('HSET', KEYS[1], 'seq', number(seq), 'floor', number(low), 'turned', number(seq),
    'low', number(seq), 'sent', f[3])
  if f[4] then redis.call('HSET', KEYS[1], 'run', f[4]) end
end
return 1
`,

  /** channel, head and tail of the message. Run before any data of a server is believed. */
  believe: `${fence}
fence()
local current = run()
if redis.call('HGET', KEYS[1], 'run') == current then return 0 end
-- The data outlived its server, and may be from before the last invalidations.
local seq = number(redis.call('HINCRBY', KEYS[1], 'seq', 1))
redis.call('HSET', KEYS[1], 'run', current, 'floor', seq, 'low', seq)
say(ARGV[1], ARGV[2], ARGV[3])
return 1
`,

  /** → the number of the last message of the backplane */
  sent: `${fence}
fence()
return redis.call('HGET', KEYS[1], 'sent')
`,
}

/** A script and the name that Redis knows it by. */
export interface Script {
  readonly text: string
  readonly sha: string
}

/** All scripts. */
export const scripts: Readonly<Record<ScriptName, Script>> = Object.fromEntries(
  Object.entries(bodies).map(([name, text]) => [name, { text, sha: createHash('sha1').update(text).digest('hex') }]),
) as Record<ScriptName, Script>
