/** A key of another type, whoever made it, reads as none: GET would fail on it for ever. */
const READ = `
      local function read(key) return redis.call('MGET', key)[1] end`;

/**
 * The Lua scripts. Each is idempotent, because ioredis sends a command again when the connection broke before the
 * reply came; and each touches keys of one hash tag only, so that it runs on a cluster.
 */
export const redisScripts = {
  writeLogin: {
    numberOfKeys: 4,
    lua: `
      for i = 1, 4 do redis.call('SET', KEYS[i], ARGV[i], 'PX', ARGV[5]) end
      return 1`,
  },
  touchSession: {
    numberOfKeys: 4,
    lua: `${READ}
      local auth = read(KEYS[1])
      if auth and string.sub(auth, 1, 6) == 'moved:' then return 0 end
      for i = 1, 3 do redis.call('PEXPIRE', KEYS[i], ARGV[1]) end
      if auth then redis.call('SET', KEYS[4], ARGV[2], 'PX', ARGV[1]) end
      return 1`,
  },
  /** The pointer of an id change stays until it expires: a repeated call must find it again. */
  endSession: {
    numberOfKeys: 4,
    lua: `${READ}
      local auth, tokens = read(KEYS[1]), read(KEYS[3])
      redis.call('DEL', KEYS[2], KEYS[3], KEYS[4])
      if not auth or string.sub(auth, 1, 6) ~= 'moved:' then redis.call('DEL', KEYS[1]) end
      return {auth, tokens}`,
  },
  retireSession: {
    numberOfKeys: 4,
    lua: `${READ}
      local auth = read(KEYS[1])
      if not auth then return 0 end
      if auth == ARGV[1] then return 1 end
      if string.sub(auth, 1, 6) == 'moved:' then return 0 end
      redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
      redis.call('DEL', KEYS[2], KEYS[3], KEYS[4])
      return 1`,
  },
  /** A swap that is repeated finds its own values and says so. */
  swapTokens: {
    numberOfKeys: 2,
    lua: `${READ}
      local auth = read(KEYS[1])
      local tokens = read(KEYS[2])
      if not auth or not tokens or string.sub(auth, 1, 6) == 'moved:' then return 'gone' end
      local withAuth = ARGV[3] ~= ''
      if tokens == ARGV[2] and (not withAuth or auth == ARGV[4]) then return 'stored' end
      if tokens ~= ARGV[1] or (withAuth and auth ~= ARGV[3]) then return 'conflict' end
      redis.call('SET', KEYS[2], ARGV[2], 'KEEPTTL')
      if withAuth then redis.call('SET', KEYS[1], ARGV[4], 'KEEPTTL') end
      return 'stored'`,
  },
  endSessionWithTokens: {
    numberOfKeys: 4,
    lua: `${READ}
      local tokens = read(KEYS[3])
      if tokens and tokens ~= ARGV[1] then return {'conflict'} end
      local auth = read(KEYS[1])
      redis.call('DEL', KEYS[2], KEYS[3], KEYS[4])
      if not auth or string.sub(auth, 1, 6) ~= 'moved:' then redis.call('DEL', KEYS[1]) end
      return {'ended', auth, tokens}`,
  },
  acquireLock: {
    numberOfKeys: 1,
    lua: `${READ}
      local value = read(KEYS[1])
      if not value or value == ARGV[1] then
        redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
        return {'taken'}
      end
      if string.sub(value, 1, 5) == 'note:' then return {'note', string.sub(value, 6)} end
      return {'held'}`,
  },
  releaseLock: {
    numberOfKeys: 1,
    lua: `${READ}
      if read(KEYS[1]) ~= ARGV[1] then return 0 end
      if ARGV[2] == '' then redis.call('DEL', KEYS[1])
      else redis.call('SET', KEYS[1], 'note:' .. ARGV[2], 'PX', ARGV[3]) end
      return 1`,
  },
  takeLogin: {
    numberOfKeys: 1,
    lua: `${READ}
      local value = read(KEYS[1])
      if not value then return {'unknown'} end
      if string.sub(value, 1, 6) ~= 'taken:' then
        redis.call('SET', KEYS[1], 'taken:' .. ARGV[1] .. ':' .. value, 'PX', ARGV[2])
        return {'value', value}
      end
      local mark = 'taken:' .. ARGV[1] .. ':'
      if string.sub(value, 1, #mark) ~= mark then return {'taken'} end
      return {'value', string.sub(value, #mark + 1)}`,
  },
  /** Numbers stay whole: milliseconds have 13 digits, and cjson writes 14. */
  putCut: {
    numberOfKeys: 1,
    lua: `${READ}
      local cut = cjson.decode(ARGV[1])
      local text = read(KEYS[1])
      local readable, old = pcall(cjson.decode, text or '{}')
      if readable and type(old) == 'table' then
        for _, clock in ipairs({'issuedBy', 'cameAt'}) do
          if old[clock] and old[clock] > (cut[clock] or 0) then cut[clock] = old[clock] end
        end
        if old.startedBy and old.startedBy > (cut.startedBy or 0) then
          cut.startedBy = old.startedBy
          cut.except = old.except
        end
      end
      local life = math.max(tonumber(ARGV[2]), redis.call('PTTL', KEYS[1]))
      redis.call('SET', KEYS[1], cjson.encode(cut), 'PX', life)
      return 1`,
  },
  putLogoutToken: {
    numberOfKeys: 1,
    lua: `
      redis.call('SET', KEYS[1], ARGV[1], 'NX', 'PX', ARGV[2])
      return redis.call('GET', KEYS[1])`,
  },
  /** Lives until the last of its sessions ends. */
  addToIndex: {
    numberOfKeys: 1,
    lua: `
      redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', ARGV[3])
      redis.call('ZADD', KEYS[1], ARGV[2], ARGV[1])
      local last = redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')
      redis.call('PEXPIRE', KEYS[1], math.ceil(tonumber(last[2]) - tonumber(ARGV[3])))
      return 1`,
  },
} as const satisfies Record<string, { numberOfKeys: number; lua: string }>;

export type RedisScriptName = keyof typeof redisScripts;
