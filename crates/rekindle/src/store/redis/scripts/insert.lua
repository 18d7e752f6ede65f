-- A new row. KEYS[1]: the row. ARGV: the row, its life in seconds.
-- Answers the version of the row that is there now: the caller's own, if a repeated call finds what the first one made.
if not redis.call('SET', KEYS[1], ARGV[1], 'NX', 'EX', ARGV[2]) then
  return redis.call('GETRANGE', KEYS[1], 2, 9)
end
return string.sub(ARGV[1], 3, 10)
