-- Raises a number that may not fall. KEYS[1]: the hash it is in. ARGV: its field, the number in decimal. Compared as text: Lua's
-- own numbers end at 2^53.
local present = redis.call('HGET', KEYS[1], ARGV[1])
if not present or #ARGV[2] > #present or (#ARGV[2] == #present and ARGV[2] > present) then
  redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
end
return 0
