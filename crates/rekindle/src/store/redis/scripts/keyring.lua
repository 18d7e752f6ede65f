-- Replaces the key ring document, if it is of a version. KEYS[1]: the document. ARGV: that version, the bytes.
-- A repeated call finds what the first one wrote, and answers the same: no two documents have the same bytes.
local present = redis.call('HMGET', KEYS[1], 'version', 'bytes')
local version = tonumber(present[1] or '0')
if version == tonumber(ARGV[1]) + 1 and present[2] == ARGV[2] then
  return 1
end
if version ~= tonumber(ARGV[1]) then
  return 0
end
redis.call('HSET', KEYS[1], 'version', version + 1, 'bytes', ARGV[2])
return 1
