-- The feed has what the row of this version had to tell. KEYS[1]: the row. ARGV: the version.
if redis.call('GETRANGE', KEYS[1], 2, 9) == ARGV[1] then
  redis.call('SETRANGE', KEYS[1], 0, '\0')
end
return 0
