import { fixedHead, magic } from '../tiers/record.ts'

/*
 * The scripts that run inside Redis. All keys of one call have one hash tag, so each script is within one node of a
 * cluster:
 *
 *   KEYS[1]  the fence: a hash with
 *              seq      the number of the last invalidation of a tag, a space or everything
 *              floor    entries and leases with a lower sequence are dead
 *              turned   the seq at which the marks before these went to KEYS[2]
 *              low      the greater of both
 *              sent     the number of the last message of the backplane
 *              run      the id of the run of the server that the data has been believed under
 *              c:<space>, t:<tag>   marks: the seq of the last invalidation of each
 *   KEYS[2]  the marks before those, with the fields that the fence had then
 *   KEYS[3]  the entry, in the form of src/tiers/record.ts
 *   KEYS[4]  the lease: token (16 characters), '!' where others wait and '-' where not, sequence
 *
 * The fence may be evicted, lost or restored from old data like any other key. A fence that is not there is made anew
 * with a floor above all that was before it, by the server's own time; marks that are missing from KEYS[2] count as if
 * everything before `turned` had been invalidated. So whatever is lost, no invalidation is.
 */

/** The fence: what every script begins with that depends on invalidations or makes one. */
export const fence: string = `
local function now()
  local t = redis.call('TIME')
  return t[1] * 1000 + math.floor(t[2] / 1000)
end
local function run()
  return string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')
end
local function number(n) return string.format('%.0f', n) end
local function fence()
  local f = redis.call('HMGET', KEYS[1], 'seq', 'floor')
  if f[1] and f[2] then return tonumber(f[1]), tonumber(f[2]) end
  local t = redis.call('TIME')
  local seq = t[1] * 1000000 + t[2]
  redis.call('DEL', KEYS[1], KEYS[2])
  redis.call('HSET', KEYS[1], 'seq', number(seq), 'floor', number(seq), 'low', number(seq),
    'sent', number(seq), 'run', run())
  return seq, seq
end
local function say(channel, head, tail)
  redis.call('PUBLISH', channel, head .. number(redis.call('HINCRBY', KEYS[1], 'sent', 1)) .. tail)
end
`

/** Entries and leases: what scripts need, behind {@link fence}, that look at one. */
export const entry: string = `
local function alive(seq, marks)
  local f = redis.call('HMGET', KEYS[1], 'floor', 'turned', unpack(marks))
  if not f[1] or seq < tonumber(f[1]) then return false end
  for i = 3, #marks + 2 do
    if f[i] and tonumber(f[i]) > seq then return false end
  end
  if not f[2] or seq >= tonumber(f[2]) then return true end
  local old = redis.call('HMGET', KEYS[2], 'floor', unpack(marks))
  if not old[1] then return false end
  for i = 2, #marks + 1 do
    if old[i] and tonumber(old[i]) > seq then return false end
  end
  return true
end
-- The entry, its times and whether it is damaged; nothing of what is dead.
local function look(space)
  local value = redis.pcall('GET', KEYS[3])
  if not value then return nil end
  if type(value) == 'table' or #value < ${fixedHead} or string.sub(value, 1, 4) ~= '${magic}' then
    redis.call('DEL', KEYS[3])
    return nil, true
  end
  local seq, _, fresh, stale, _, count, length = struct.unpack('>ddddc16I2I4', value, 13)
  local marks = { space }
  local at = ${fixedHead + 1}
  for i = 1, count do
    if at + 2 > #value + 1 then break end
    local size = struct.unpack('>I2', value, at)
    marks[i + 1] = 't:' .. string.sub(value, at + 2, at + 1 + size)
    at = at + 2 + size
  end
  if at ~= ${fixedHead + 1} + length or count > 1000 then
    redis.call('DEL', KEYS[3])
    return nil, true
  end
  if not alive(seq, marks) then
    redis.call('DEL', KEYS[3])
    return nil
  end
  return { value = value, fresh = fresh, stale = stale, at = at }
end
local function held(space)
  local lease = redis.pcall('GET', KEYS[4])
  if type(lease) ~= 'string' then
    if lease then redis.call('DEL', KEYS[4]) end
    return nil
  end
  local seq = tonumber(string.sub(lease, 18))
  if not seq or not alive(seq, { space }) then return nil end
  return lease, seq
end
local function grant(token, seq, ttl, flag)
  redis.call('SET', KEYS[4], token .. flag .. number(seq), 'PX', ttl)
end
-- Gives the lease up and tells those who wait for it.
local function finish(lease, channel, message)
  redis.call('DEL', KEYS[4])
  if string.sub(lease, 17, 17) == '!' then redis.call('PUBLISH', channel, message) end
end
local function store(seq, stamp, fresh, stale, count, tags, payload)
  local at = now()
  local head = struct.pack('>ddddc16I2I4', seq, at, at + fresh, stale, stamp, count, #tags) .. tags
  local value = '${magic}' .. string.sub(redis.sha1hex(head), 1, 8) .. head .. payload
  local life = fresh + stale
  if life < 1e15 then
    redis.call('SET', KEYS[3], value, 'PX', number(math.max(1, math.ceil(life))))
  else
    redis.call('SET', KEYS[3], value)
  end
end
`
