"""What must happen at once on the server, as Lua. Each script touches one hash tag only."""

# KEYS: stream. ARGV: group, consumer, cursor, count, idle_ms.
# A shard's entries are handled in order by one consumer at a time: nobody gets new entries while
# another consumer holds unacknowledged ones. History can then skip a replay by its last id.
READ = """
local key, group, me, cursor = KEYS[1], ARGV[1], ARGV[2], ARGV[3]
local count, idle = tonumber(ARGV[4]), ARGV[5]
local own = redis.call('XREADGROUP', 'GROUP', group, me, 'COUNT', count, 'STREAMS', key, cursor)
if own and own[1] and #own[1][2] > 0 then return {'own', own[1][2]} end
local pending = redis.call('XPENDING', key, group)
if pending[1] > 0 then
  local is_busy, ids = false, {}
  for _, consumer in ipairs(pending[4] or {}) do
    if consumer[1] ~= me and tonumber(consumer[2]) > 0 then
      is_busy = true
      local rows = redis.call('XPENDING', key, group, 'IDLE', idle, '-', '+', count, consumer[1])
      for _, row in ipairs(rows) do ids[#ids + 1] = row[1] end
    end
  end
  if #ids > 0 then
    table.sort(ids, function(a, b)
      local am, as = string.match(a, '(%d+)-(%d+)')
      local bm, bs = string.match(b, '(%d+)-(%d+)')
      if am ~= bm then return tonumber(am) < tonumber(bm) end
      return tonumber(as) < tonumber(bs)
    end)
    return {'claimed', redis.call('XCLAIM', key, group, me, idle,
      unpack(ids, 1, math.min(#ids, count)))}
  end
  if is_busy then return {'busy', {}} end
end
local new = redis.call('XREADGROUP', 'GROUP', group, me, 'COUNT', count, 'STREAMS', key, '>')
if new and new[1] then return {'new', new[1][2]} end
local groups = redis.call('XINFO', 'GROUPS', key)
for i = 1, #groups[1], 2 do
  if groups[1][i] == 'last-delivered-id' then return {'none', {}, groups[1][i + 1]} end
end
return {'none', {}, '$'}
"""

# KEYS: stream. ARGV: group, id... Trims what is acknowledged and nothing else.
ACK = """
local key, group = KEYS[1], ARGV[1]
for i = 2, #ARGV, 1000 do
  redis.call('XACK', key, group, unpack(ARGV, i, math.min(i + 999, #ARGV)))
end
local pending = redis.call('XPENDING', key, group)
local keep = pending[2]
if pending[1] == 0 then
  local info = redis.call('XINFO', 'GROUPS', key)[1]
  for i = 1, #info, 2 do
    if info[i] == 'last-delivered-id' then
      local ms, seq = string.match(info[i + 1], '(%d+)-(%d+)')
      keep = ms .. '-' .. string.format('%.0f', tonumber(seq) + 1)
    end
  end
end
return redis.call('XTRIM', key, 'MINID', keep)
"""

_EPOCH = """
local function epoch_of(key)
  local epoch = redis.call('GET', key)
  if not epoch then
    local now = redis.call('TIME')
    epoch = string.format('%.0f', tonumber(now[1]) * 1000 + math.floor(tonumber(now[2]) / 1000))
    redis.call('SET', key, epoch)
  end
  return epoch
end
"""

_FENCED = """
local function is_fenced(key, token)
  return token ~= '' and redis.call('GET', key) ~= token
end
"""

_ANSWER = """
local function answer(command, reply, bell, stream, group, json, expiry)
  redis.call('SET', reply, json, 'EX', expiry)
  redis.call('LPUSH', bell, '1')
  redis.call('EXPIRE', bell, 60)
  local id = redis.call('GET', command)
  if id then
    redis.call('XACK', stream, group, id)
    redis.call('XDEL', stream, id)
  end
end
"""

# KEYS: commands, lock. ARGV: token, group, consumer, cursor, count. Rows, last-delivered id.
TAKE = (
    _FENCED
    + """
if is_fenced(KEYS[2], ARGV[1]) then return redis.error_reply('FENCED') end
local found = redis.call('XREADGROUP', 'GROUP', ARGV[2], ARGV[3], 'COUNT', ARGV[5],
  'STREAMS', KEYS[1], ARGV[4])
if found and found[1] and #found[1][2] > 0 then return {found[1][2], ''} end
local info = redis.call('XINFO', 'GROUPS', KEYS[1])[1]
for i = 1, #info, 2 do
  if info[i] == 'last-delivered-id' then return {{}, info[i + 1]} end
end
return {{}, '$'}
"""
)

# KEYS: epoch.
EPOCH = _EPOCH + "return epoch_of(KEYS[1])"

# KEYS: epoch, head, body, lock.
# ARGV: token, channel, published_at, body_id, body (may be ''), an epoch and a number known in it.
# A master that took over may lack the last snapshots: their numbers are not given twice.
PUBLISH = (
    _EPOCH
    + _FENCED
    + """
if is_fenced(KEYS[4], ARGV[1]) then return redis.error_reply('FENCED') end
if ARGV[5] == '' and redis.call('HGET', KEYS[3], 'id') ~= ARGV[4] then return false end
local epoch, n = epoch_of(KEYS[1]), redis.call('HINCRBY', KEYS[2], 'n', 1)
if ARGV[6] == epoch and n <= tonumber(ARGV[7]) then
  n = tonumber(ARGV[7]) + 1
  redis.call('HSET', KEYS[2], 'n', n)
end
local version = epoch .. '-' .. n
redis.call('HSET', KEYS[2], 'version', version, 'published_at', ARGV[3], 'body_id', ARGV[4])
if ARGV[5] ~= '' then redis.call('HSET', KEYS[3], 'id', ARGV[4], 'body', ARGV[5]) end
redis.call('PUBLISH', ARGV[2], version .. '|' .. ARGV[3] .. '|' .. ARGV[4])
return version
"""
)

# KEYS: command, stream, answer. ARGV: json, expiry_s.
SUBMIT = """
local reply = redis.call('GET', KEYS[3])
if reply then return reply end
if redis.call('EXISTS', KEYS[1]) == 0 then
  local id = redis.call('XADD', KEYS[2], '*', 'c', ARGV[1])
  redis.call('SET', KEYS[1], id, 'EX', ARGV[2])
end
return false
"""

# KEYS: command, stream. ARGV: group. 1: withdrawn, 0: somebody took it.
WITHDRAW = """
local id = redis.call('GET', KEYS[1])
if not id then return 1 end
if #redis.call('XPENDING', KEYS[2], ARGV[1], id, id, 1) > 0 then return 0 end
if redis.call('XDEL', KEYS[2], id) == 0 then return 0 end
redis.call('DEL', KEYS[1])
return 1
"""

# KEYS: command, answer, bell, stream. ARGV: group, json, expiry_s.
ANSWER = _ANSWER + "answer(KEYS[1], KEYS[2], KEYS[3], KEYS[4], ARGV[1], ARGV[2], ARGV[3])"

# KEYS: records, versions, lock, stream, then (command, answer, bell) per outcome.
# ARGV: token, group, expiry_s, n_records, (key, expected or '', body or '') per record, outcomes.
SAVE = (
    _FENCED
    + _ANSWER
    + """
if is_fenced(KEYS[3], ARGV[1]) then return redis.error_reply('FENCED') end
local n, conflicts = tonumber(ARGV[4]), {'conflict'}
for i = 0, n - 1 do
  local key, expected = ARGV[5 + i * 3], ARGV[6 + i * 3]
  if expected ~= '' and (redis.call('HGET', KEYS[2], key) or '0') ~= expected then
    conflicts[#conflicts + 1] = key
  end
end
if #conflicts > 1 then return conflicts end
local versions = {'saved'}
for i = 0, n - 1 do
  local key, body = ARGV[5 + i * 3], ARGV[7 + i * 3]
  if body == '' then
    redis.call('HDEL', KEYS[1], key)
    redis.call('HDEL', KEYS[2], key)
    versions[#versions + 1] = 0
  else
    redis.call('HSET', KEYS[1], key, body)
    versions[#versions + 1] = redis.call('HINCRBY', KEYS[2], key, 1)
  end
end
for i = 0, (#KEYS - 4) / 3 - 1 do
  answer(KEYS[5 + i * 3], KEYS[6 + i * 3], KEYS[7 + i * 3], KEYS[4], ARGV[2],
    ARGV[5 + n * 3 + i], ARGV[3])
end
return versions
"""
)

# KEYS: lock, fence, last. ARGV: ttl_ms, is_forced. The token of the new owner, or nil.
LOCK = """
if ARGV[2] ~= '1' and redis.call('EXISTS', KEYS[1]) == 1 then return false end
local token = redis.call('INCR', KEYS[2])
redis.call('SET', KEYS[1], token, 'PX', ARGV[1])
redis.call('SET', KEYS[3], token)
return token
"""

# KEYS: lock, last. ARGV: token, ttl_ms. What ran out and nobody has taken since is still ours.
RENEW = """
local held = redis.call('GET', KEYS[1])
if held and held ~= ARGV[1] then return 0 end
if not held and redis.call('GET', KEYS[2]) ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return 1
"""

# KEYS: lock, last. ARGV: token.
RELEASE = """
if redis.call('GET', KEYS[2]) == ARGV[1] then redis.call('DEL', KEYS[2]) end
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('DEL', KEYS[1])
"""

# KEYS: quarantine, its bytes. ARGV: cap, cap_bytes, row... The oldest go where it is full.
QUARANTINE = """
local size = tonumber(redis.call('GET', KEYS[2]) or '0')
if redis.call('XLEN', KEYS[1]) == 0 then size = 0 end
for i = 3, #ARGV do
  redis.call('XADD', KEYS[1], '*', 'r', ARGV[i])
  size = size + #ARGV[i]
end
local n = redis.call('XLEN', KEYS[1])
while n > 1 and (n > tonumber(ARGV[1]) or size > tonumber(ARGV[2])) do
  local row = redis.call('XRANGE', KEYS[1], '-', '+', 'COUNT', 1)[1]
  redis.call('XDEL', KEYS[1], row[1])
  size, n = size - #row[2][2], n - 1
end
redis.call('SET', KEYS[2], math.max(size, 0))
return n
"""

# KEYS: quarantine, its bytes. ARGV: id...
UNQUARANTINE = """
local size = tonumber(redis.call('GET', KEYS[2]) or '0')
for _, id in ipairs(ARGV) do
  local row = redis.call('XRANGE', KEYS[1], id, id)[1]
  if row then
    redis.call('XDEL', KEYS[1], id)
    size = size - #row[2][2]
  end
end
return redis.call('SET', KEYS[2], math.max(size, 0))
"""

# KEYS: inbox, counts, sizes, bell. ARGV: feed, cap, cap_bytes, about, body.
DELIVER = """
local n = redis.call('XLEN', KEYS[1])
local size = n > 0 and tonumber(redis.call('HGET', KEYS[3], ARGV[1]) or '0') or 0
if n >= tonumber(ARGV[2]) or (n > 0 and size + #ARGV[5] > tonumber(ARGV[3])) then
  return redis.error_reply('INBOXFULL')
end
local id = redis.call('XADD', KEYS[1], '*', 'a', ARGV[4], 'b', ARGV[5])
redis.call('HSET', KEYS[2], ARGV[1], n + 1)
redis.call('HSET', KEYS[3], ARGV[1], size + #ARGV[5])
redis.call('LPUSH', KEYS[4], '1')
redis.call('LTRIM', KEYS[4], 0, 0)
return id
"""

# KEYS: inbox, counts, sizes, bell. ARGV: feed, id... Counts what is left, so it mends itself.
UNDELIVER = """
local size = tonumber(redis.call('HGET', KEYS[3], ARGV[1]) or '0')
for i = 2, #ARGV do
  local row = redis.call('XRANGE', KEYS[1], ARGV[i], ARGV[i])[1]
  if row then
    redis.call('XDEL', KEYS[1], ARGV[i])
    size = size - #row[2][4]
  end
end
local n = redis.call('XLEN', KEYS[1])
if n == 0 then
  redis.call('HDEL', KEYS[2], ARGV[1])
  redis.call('HDEL', KEYS[3], ARGV[1])
  return redis.call('DEL', KEYS[1])
end
redis.call('HSET', KEYS[2], ARGV[1], n)
return redis.call('HSET', KEYS[3], ARGV[1], math.max(size, 0))
"""
