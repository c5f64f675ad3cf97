"""Scripts of the workers among themselves. Each touches one hash tag only."""

_NOW = """
local function now_ms()
  local now = redis.call('TIME')
  return tonumber(now[1]) * 1000 + math.floor(tonumber(now[2]) / 1000)
end
"""

# KEYS: workers, notes. ARGV: name, note, ttl_ms. Whether it was known, then (name, note) of all.
BEAT = (
    _NOW
    + """
local now = now_ms()
for _, gone in ipairs(redis.call('ZRANGEBYSCORE', KEYS[1], '-inf', now - tonumber(ARGV[3]))) do
  redis.call('ZREM', KEYS[1], gone)
  redis.call('HDEL', KEYS[2], gone)
end
local known = redis.call('ZSCORE', KEYS[1], ARGV[1]) and 1 or 0
redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('HSET', KEYS[2], ARGV[1], ARGV[2])
return {known, redis.call('HGETALL', KEYS[2])}
"""
)

# KEYS: workers, notes. ARGV: ttl_ms. (name, note, milliseconds since it was heard) of the living.
ALIVE = (
    _NOW
    + """
local now, found = now_ms(), {}
local rows = redis.call('ZRANGEBYSCORE', KEYS[1], now - tonumber(ARGV[1]), '+inf', 'WITHSCORES')
for i = 1, #rows, 2 do
  found[#found + 1] = rows[i]
  found[#found + 1] = redis.call('HGET', KEYS[2], rows[i]) or '{}'
  found[#found + 1] = string.format('%.0f', math.max(0, now - tonumber(rows[i + 1])))
end
return found
"""
)

# KEYS: workers, notes. ARGV: name.
LEAVE = """
redis.call('HDEL', KEYS[2], ARGV[1])
return redis.call('ZREM', KEYS[1], ARGV[1])
"""

# KEYS: told, its count. ARGV: by, cap, ttl_s, body... Numbered, so that who missed one can tell.
TELL = """
for i = 4, #ARGV do
  local n = redis.call('INCR', KEYS[2])
  redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[2], '*', 'n', n, 'w', ARGV[1], 'b', ARGV[i])
end
return redis.call('EXPIRE', KEYS[1], ARGV[3])
"""

# KEYS: told, its count. Where it ends: the last id and the count.
TOLD_LAST = """
local last = redis.call('XREVRANGE', KEYS[1], '+', '-', 'COUNT', 1)[1]
return {last and last[1] or '0-0', redis.call('GET', KEYS[2]) or '0'}
"""
