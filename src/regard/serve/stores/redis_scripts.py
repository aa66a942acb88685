"""What runs inside Redis: each script is one step, and is kept whole or not at all.

Keys, all in one slot of a cluster: ``last`` and ``changes`` (numbers), ``order`` (the stream: an entry for
each event, its id is the number), ``events`` (number to event), ``ids`` (event_id to number), ``items``,
``erased`` (mark of a user to time), and for each user a sorted set of numbers by time. The stream holds no
event: Redis keeps the bytes of a deleted entry for as long as its block lives, and an erased user is to be
gone.
"""

from __future__ import annotations

__all__ = ["APPEND", "CHANGE_ITEM", "ERASE", "HISTORY", "KEYS", "READ", "USERS_AFTER"]

KEYS = ("last", "order", "events", "ids", "changes", "items", "user:", "erased")

# A number is written with %.0f: Lua's numbers are doubles, and tostring would round above 10^14.
APPEND = """
local last = tonumber(redis.call('GET', KEYS[1]) or '0')
local stored = 0
for i = 1, #ARGV, 4 do
  local name, user, time, event = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3]
  local number = string.format('%.0f', last + 1)
  if redis.call('HSETNX', KEYS[4], name, number) == 1 then
    last = last + 1
    stored = stored + 1
    redis.call('XADD', KEYS[2], number .. '-0', 'n', '1')
    redis.call('HSET', KEYS[3], number, event)
    redis.call('ZADD', KEYS[7] .. user, time, string.format('%016.0f', last))
  end
end
if stored > 0 then redis.call('SET', KEYS[1], string.format('%.0f', last)) end
return {stored, last}
"""

HISTORY = """
local found = {}
for i, member in ipairs(redis.call('ZREVRANGE', KEYS[7] .. ARGV[1], 0, ARGV[2] - 1)) do
  found[i] = redis.call('HGET', KEYS[3], string.format('%.0f', tonumber(member)))
end
return found
"""

READ = """
local found = {}
for _, entry in ipairs(redis.call('XRANGE', KEYS[2], '(' .. ARGV[1] .. '-0', '+', 'COUNT', ARGV[2])) do
  local number = string.match(entry[1], '%d+')
  found[#found + 1] = number
  found[#found + 1] = redis.call('HGET', KEYS[3], number)
end
return found
"""

USERS_AFTER = """
local seen, users = {}, {}
for _, entry in ipairs(redis.call('XRANGE', KEYS[2], '(' .. ARGV[1] .. '-0', '+')) do
  local event = redis.call('HGET', KEYS[3], string.match(entry[1], '%d+'))
  local user = string.match(event, '^[^%z]*%z([^%z]*)%z')
  if not seen[user] then
    seen[user] = true
    users[#users + 1] = user
  end
end
return users
"""

ERASE = """
local members = redis.call('ZRANGE', KEYS[7] .. ARGV[1], 0, -1)
for _, member in ipairs(members) do
  local number = string.format('%.0f', tonumber(member))
  local event = redis.call('HGET', KEYS[3], number)
  redis.call('HDEL', KEYS[4], string.match(event, '^[^%z]*'))
  redis.call('HDEL', KEYS[3], number)
  redis.call('XDEL', KEYS[2], number .. '-0')
end
redis.call('DEL', KEYS[7] .. ARGV[1])
redis.call('HSET', KEYS[8], ARGV[2], ARGV[3])
redis.call('INCR', KEYS[5])
return #members
"""

# ARGV[2] is the JSON of the attributes, or empty for an item that is hidden.
CHANGE_ITEM = """
local found = redis.call('HGET', KEYS[6], ARGV[1])
if ARGV[2] == '' and found and string.match(found, '%z$') then return 0 end
local change = redis.call('INCR', KEYS[5])
redis.call('HSET', KEYS[6], ARGV[1], string.format('%.0f', change) .. '\\0' .. ARGV[2])
return 1
"""
