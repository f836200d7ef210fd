import { FORMATS } from '../formats.ts';

const { read: READ_FORMATS, written: FORMAT } = FORMATS.record;

/** A key of another type, whoever made it, reads as none: GET would fail on it for ever. */
const READ = `
local function read(key) return redis.call('MGET', key)[1] end`;

/** ARGV[1] is the time in place of the server's own, or empty. Read once: before Redis 7.2 it advances within a script. */
const NOW = `
local now = tonumber(ARGV[1])
if not now then
  local time = redis.call('TIME')
  now = time[1] * 1000 + math.floor(time[2] / 1000)
end
local function digits(time) return string.format('%013.0f', time) end`;

/** Whether a record is that of a login, with nothing in it damaged, and its times. See record-format.ts. */
const LOGIN = `
local DIGITS = string.rep('%d', 13)
local HEAD = '^[${READ_FORMATS.join('')}] ' .. DIGITS .. ' ' .. DIGITS .. '\\n'
local function isLogin(record) return record and string.find(record, HEAD) ~= nil end
local function seenOf(record) return tonumber(string.sub(record, 3, 15)) end
local function endOf(record) return tonumber(string.sub(record, 17, 29)) end`;

/** How long records live: until their end, and the time after it. */
const LIFE = `
local function lifeOf(idle, finish, afterlife) return math.max(1, math.min(idle, finish - now) + afterlife) end`;

/** For how long an index is kept, after an entry came. */
const KEEP_INDEX = `
local function keepIndex(key, slack)
  local last = redis.call('ZRANGE', key, -1, -1, 'WITHSCORES')
  redis.call('PEXPIRE', key, math.max(1, tonumber(last[2]) - now) + slack)
end`;

/** Open marks of these members, by a key. One of another type, whoever made it, holds none. */
const READ_OPEN_MARKS = `
local function readOpenMarks(key, members)
  local scores = {}
  for i, member in ipairs(members) do
    local score = redis.pcall('ZSCORE', key, member)
    if type(score) == 'table' and score.err then
      if string.find(score.err, 'WRONGTYPE', 1, true) then return {} end
      return score
    end
    scores[i] = score
  end
  return scores
end`;

/** A server's clock that stepped back has made the life of a mark longer: it is cut. */
const READ_MARK = `
local function readMark(key, life)
  local mark = read(key)
  if mark and redis.call('PTTL', key) > tonumber(life) then redis.call('PEXPIRE', key, life) end
  return mark
end`;

/**
 * The Lua scripts. Each is idempotent, because a client sends a command again when the connection broke before the
 * reply came; and each touches keys of one hash tag only, so that it runs on a cluster: `numberOfKeys` of them. Those of an
 * index take the keys of several where all lie on one server. `reply` says whether it is read as text or as bytes.
 */
export const redisScripts = {
  /** KEYS: record, data, tokens. ARGV: time, idle, afterlife, absolute life, end or empty, identity, data, tokens. */
  writeLogin: {
    numberOfKeys: 3,
    reply: 'text',
    lua: `${READ}${NOW}${LIFE}
local there = read(KEYS[1])
if there then return there end
local idle, afterlife = tonumber(ARGV[2]), tonumber(ARGV[3])
local finish = tonumber(ARGV[5]) or now + tonumber(ARGV[4])
local life = lifeOf(idle, finish, afterlife)
local record = '${FORMAT} ' .. digits(now) .. ' ' .. digits(finish) .. '\\n' .. ARGV[6]
redis.call('SET', KEYS[2], ARGV[7], 'PX', life)
redis.call('SET', KEYS[3], ARGV[8], 'PX', life)
redis.call('SET', KEYS[1], record, 'PX', life)
return record`,
  },
  /** KEYS: record, data, tokens. ARGV: time, idle, afterlife, slack. Says `gone` where no login is any more. */
  touchSession: {
    numberOfKeys: 3,
    reply: 'text',
    lua: `${READ}${NOW}${LOGIN}${LIFE}
local record, idle = read(KEYS[1]), tonumber(ARGV[2])
if not record then
  redis.call('PEXPIRE', KEYS[2], idle)
  return 'gone'
end
local head = string.sub(record, 1, 2)
if head == '> ' or head == 'x ' then return 'gone' end
if not isLogin(record) then return '' end
local finish = endOf(record)
if finish <= now then return '' end
local seen = seenOf(record)
if now > seen or seen > now + tonumber(ARGV[4]) then
  local noted = redis.pcall('SETRANGE', KEYS[1], 2, digits(now))
  -- A full server must not end sessions in use for it. Any other refusal is a fault.
  if type(noted) == 'table' and noted.err and not string.find(noted.err, 'OOM', 1, true) then return noted end
end
for i = 1, 3 do redis.call('PEXPIRE', KEYS[i], lifeOf(idle, finish, tonumber(ARGV[3]))) end
return ''`,
  },
  /**
   * KEYS: record, data, tokens. ARGV: time, owner, life of the mark, idle or empty, whether tokens are given, tokens.
   * A full server takes no mark: then the records go all the same.
   */
  endSession: {
    numberOfKeys: 3,
    reply: 'bytes',
    lua: `${READ}${NOW}${LOGIN}
local record, tokens = read(KEYS[1]), read(KEYS[3])
local head = record and string.sub(record, 1, 2)
if head == '> ' then
  redis.call('DEL', KEYS[2], KEYS[3])
  return {'moved', string.sub(record, 3)}
end
if head == 'x ' then
  local line = string.find(record, '\\n', 1, true)
  local first = string.sub(record, 3, line - 15) == ARGV[2]
  local at = string.sub(record, line - 13, line - 1)
  return {first and 'ended' or 'ended before', at, string.sub(record, line + 1), tokens}
end
if ARGV[5] ~= '' and tokens and tokens ~= ARGV[6] then return {'conflict'} end
if ARGV[4] ~= '' and isLogin(record) then
  if endOf(record) > now and now - seenOf(record) <= tonumber(ARGV[4]) then return {'alive'} end
end
redis.call('DEL', KEYS[2])
if not record then
  -- The record as well: another type in its place reads as none.
  redis.call('DEL', KEYS[1], KEYS[3])
  return {'none'}
end
local mark = redis.pcall('SET', KEYS[1], 'x ' .. ARGV[2] .. ' ' .. digits(now) .. '\\n' .. record, 'PX', ARGV[3])
if type(mark) == 'table' and mark.err then redis.call('DEL', KEYS[1], KEYS[3])
else redis.call('PEXPIRE', KEYS[3], ARGV[3]) end
return {'ended', digits(now), record, tokens}`,
  },
  /** KEYS: record, data, tokens, lock. ARGV: next key, life of the pointer, owner of the lock or empty, tokens. */
  rotateSession: {
    numberOfKeys: 4,
    reply: 'text',
    lua: `${READ}
local record = read(KEYS[1])
if not record or string.sub(record, 1, 2) == 'x ' then return {'ended'} end
if string.sub(record, 1, 2) == '> ' then
  local key = string.sub(record, 3)
  if key == ARGV[1] then return {'rotated'} end
  return {'moved', key}
end
if ARGV[3] ~= '' then
  local lock = read(KEYS[4])
  if lock and string.sub(lock, 1, 1) ~= 'b' and string.sub(lock, 3) ~= ARGV[3] then return {'locked'} end
  if read(KEYS[3]) ~= ARGV[4] then return {'conflict'} end
end
redis.call('SET', KEYS[1], '> ' .. ARGV[1], 'PX', ARGV[2])
redis.call('DEL', KEYS[2], KEYS[3])
return {'rotated'}`,
  },
  /** KEYS: record, tokens. ARGV: tokens from and to, identity from and to (empty: none), a sooner end in 13 digits or empty. */
  swapTokens: {
    numberOfKeys: 2,
    reply: 'text',
    lua: `${READ}${LOGIN}
local record, tokens = read(KEYS[1]), read(KEYS[2])
if not isLogin(record) or not tokens then return 'gone' end
local identity = string.sub(record, 31)
local withIdentity = ARGV[3] ~= ''
if tokens == ARGV[2] and (not withIdentity or identity == ARGV[4]) then return 'stored' end
if tokens ~= ARGV[1] or (withIdentity and identity ~= ARGV[3]) then return 'conflict' end
redis.call('SET', KEYS[2], ARGV[2], 'KEEPTTL')
local finish = string.sub(record, 17, 29)
local isSooner = ARGV[5] ~= '' and ARGV[5] < finish
if withIdentity or isSooner then
  local changed = '${FORMAT}' .. string.sub(record, 2, 16) .. (isSooner and ARGV[5] or finish) .. '\\n'
  redis.call('SET', KEYS[1], changed .. (withIdentity and ARGV[4] or identity), 'KEEPTTL')
end
return 'stored'`,
  },
  /**
   * KEYS: lock. ARGV: owner, lease, quiet time, whether a back-off is passed over. A lock whose refresh was sent lives
   * for the quiet time beyond its lease: in that time it is abandoned.
   */
  acquireLock: {
    numberOfKeys: 1,
    reply: 'text',
    lua: `${READ}
local value = read(KEYS[1])
local kind, rest = value and string.sub(value, 1, 1), value and string.sub(value, 3)
if not value or rest == ARGV[1] or (kind == 'b' and ARGV[4] == '1') then
  if kind ~= 's' then redis.call('SET', KEYS[1], 'u ' .. ARGV[1], 'PX', ARGV[2]) end
  return {'taken'}
end
if kind == 'b' then return {'backoff', rest} end
if kind == 's' and redis.call('PTTL', KEYS[1]) <= tonumber(ARGV[3]) then return {'abandoned'} end
return {'held'}`,
  },
  /** KEYS: lock. ARGV: owner, lease, quiet time or empty, whether one that is gone is taken again. */
  extendLock: {
    numberOfKeys: 1,
    reply: 'text',
    lua: `${READ}
local value = read(KEYS[1])
if value and string.sub(value, 3) ~= ARGV[1] or not value and ARGV[4] == '' then return 0 end
local quiet = tonumber(ARGV[3])
if quiet then redis.call('SET', KEYS[1], 's ' .. ARGV[1], 'PX', tonumber(ARGV[2]) + quiet)
else redis.call('SET', KEYS[1], 'u ' .. ARGV[1], 'PX', ARGV[2]) end
return 1`,
  },
  /** KEYS: lock. ARGV: owner, back-off or empty, its life. */
  releaseLock: {
    numberOfKeys: 1,
    reply: 'text',
    lua: `${READ}
local value = read(KEYS[1])
if not value or string.sub(value, 1, 1) == 'b' or string.sub(value, 3) ~= ARGV[1] then return 0 end
if ARGV[2] == '' then redis.call('DEL', KEYS[1])
else redis.call('SET', KEYS[1], 'b ' .. ARGV[2], 'PX', ARGV[3]) end
return 1`,
  },
  /** KEYS: taking. ARGV: time, owner, when the login began, oldest, slack, life. */
  takeLogin: {
    numberOfKeys: 1,
    reply: 'text',
    lua: `${READ}${NOW}
local taken = read(KEYS[1])
if taken then
  if taken == ARGV[2] then return 'mine' end
  return string.sub(taken, 1, 9) == 'cancelled' and 'cancelled' or 'taken'
end
local began = tonumber(ARGV[3])
if began > now + tonumber(ARGV[5]) or began < now - tonumber(ARGV[4]) then return 'expired' end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[6])
return 'mine'`,
  },
  /** KEYS: taking. ARGV: life. Becomes `cancelled OWNER`, the owner being empty if nobody took it, and returns the owner. */
  cancelLogin: {
    numberOfKeys: 1,
    reply: 'text',
    lua: `${READ}
local taken = read(KEYS[1]) or ''
local owner = string.sub(taken, 1, 9) == 'cancelled' and string.sub(taken, 11) or taken
redis.call('SET', KEYS[1], 'cancelled ' .. owner, 'PX', ARGV[1])
return owner`,
  },
  /**
   * KEYS: mark. ARGV: time, mark, life. Our own time is the later of the caller's clock and the server's. Numbers stay
   * whole: cjson writes 14 digits.
   */
  putMark: {
    numberOfKeys: 1,
    reply: 'text',
    lua: `${READ}${NOW}
local mark = cjson.decode(ARGV[2])
if mark.startedBy then mark.startedBy = math.max(mark.startedBy, now) end
local text = read(KEYS[1]) or '{}'
local readable, old = pcall(cjson.decode, text)
readable = readable and string.find(text, '^%s*{')
local function isTime(time) return time == nil or (type(time) == 'number' and math.abs(time) < math.huge) end
-- What cannot be read goes on ending what began until now: see logout-mark.ts.
if not readable or type(old) ~= 'table' or not (isTime(old.issuedBy) and isTime(old.cameAt) and isTime(old.startedBy))
  or not (old.except == nil or type(old.except) == 'string') then old = {startedBy = now} end
for _, name in ipairs({'issuedBy', 'cameAt'}) do
  if old[name] and old[name] > (mark[name] or 0) then mark[name] = old[name] end
end
if old.startedBy and old.startedBy > (mark.startedBy or 0) then
  mark.startedBy = old.startedBy
  mark.except = old.except
end
redis.call('SET', KEYS[1], cjson.encode(mark), 'PX', ARGV[3])
return 1`,
  },
  /** KEYS: mark. ARGV: life. */
  readMark: {
    numberOfKeys: 1,
    reply: 'text',
    lua: `${READ}${READ_MARK}
return readMark(KEYS[1], ARGV[1])`,
  },
  /**
   * KEYS: open marks. ARGV: time, member, when logins began that it ends, slack, life, how many are kept. No login from
   * further ahead than the slack is taken, so that no clock that is off keeps newer marks out.
   */
  putOpenMark: {
    numberOfKeys: 1,
    reply: 'text',
    lua: `${NOW}
local startedBy = math.min(math.max(tonumber(ARGV[3]), now), now + tonumber(ARGV[4]))
redis.call('ZADD', KEYS[1], 'GT', digits(startedBy), ARGV[2])
local over = redis.call('ZRANGE', KEYS[1], 0, -1 - ARGV[6])
if #over > 0 then redis.call('ZREM', KEYS[1], unpack(over)) end
redis.call('PEXPIRE', KEYS[1], ARGV[5])
return 1`,
  },
  /** KEYS: open marks. ARGV: members. */
  readOpenMarks: {
    numberOfKeys: 1,
    reply: 'text',
    lua: `${READ_OPEN_MARKS}
return readOpenMarks(KEYS[1], ARGV)`,
  },
  /** KEYS: logout token. ARGV: time, meaning, when it came, life. See logout-mark.ts. */
  putLogoutToken: {
    numberOfKeys: 1,
    reply: 'text',
    lua: `${READ}${NOW}
local known = read(KEYS[1])
if known then return known end
local token = digits(math.max(tonumber(ARGV[3]), now)) .. ' ' .. ARGV[2]
redis.call('SET', KEYS[1], token, 'PX', ARGV[4])
return token`,
  },
  /** KEYS: indexes. ARGV: time, key, life, slack. Each lives until the last of its sessions ends; drops a few that have. */
  addToIndexes: {
    numberOfKeys: 1,
    reply: 'text',
    lua: `${NOW}${KEEP_INDEX}
local slack = tonumber(ARGV[4])
for _, index in ipairs(KEYS) do
  local over = redis.call('ZRANGE', index, '-inf', '(' .. digits(now - slack), 'BYSCORE', 'LIMIT', 0, 100)
  if #over > 0 then redis.call('ZREM', index, unpack(over)) end
  redis.call('ZADD', index, 'GT', digits(now + tonumber(ARGV[3])), ARGV[2])
  keepIndex(index, slack)
end
return 1`,
  },
  /**
   * KEYS: index and mark, of each index; then open marks, or none. ARGV: time, key, end, slack, life of the mark, members of
   * the open marks. Writes entries that are missing, and returns the marks: at once, so that a logout either finds the entry or
   * has left its mark before. A full server takes no entry; any other refusal is a fault.
   */
  keepInIndexes: {
    numberOfKeys: 2,
    reply: 'text',
    lua: `${READ}${NOW}${KEEP_INDEX}${READ_MARK}${READ_OPEN_MARKS}
local marks = {}
for i = 2, #KEYS, 2 do
  local index, mark = KEYS[i - 1], KEYS[i]
  local added = redis.pcall('ZADD', index, 'GT', 'CH', digits(tonumber(ARGV[3])), ARGV[2])
  if type(added) == 'table' and added.err then
    if not string.find(added.err, 'OOM', 1, true) then return added end
  elseif added == 1 then keepIndex(index, tonumber(ARGV[4])) end
  table.insert(marks, readMark(mark, ARGV[5]))
end
if #KEYS % 2 == 1 then
  local open = readOpenMarks(KEYS[#KEYS], {unpack(ARGV, 6)})
  if open.err then return open end
  for _, score in ipairs(open) do table.insert(marks, score) end
end
return marks`,
  },
  /**
   * KEYS: value, index. ARGV: value, life. For the health: all that the others call beside what the client does, so that
   * a right that is missing shows there, and not at somebody's login.
   */
  probe: {
    numberOfKeys: 2,
    reply: 'text',
    lua: `
redis.call('TIME')
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
redis.call('SETRANGE', KEYS[1], 0, 'w')
redis.call('PEXPIRE', KEYS[1], ARGV[2])
redis.call('PTTL', KEYS[1])
redis.call('ZADD', KEYS[2], 'GT', 1, ARGV[1])
redis.call('ZRANGE', KEYS[2], '-inf', '(0', 'BYSCORE', 'LIMIT', 0, 1)
redis.call('ZSCORE', KEYS[2], ARGV[1])
redis.call('ZREM', KEYS[2], ARGV[1])
redis.call('DEL', KEYS[2])
return 1`,
  },
} as const satisfies Record<string, { numberOfKeys: number; reply: 'text' | 'bytes'; lua: string }>;

/** Names one of the scripts. */
export type RedisScriptName = keyof typeof redisScripts;
