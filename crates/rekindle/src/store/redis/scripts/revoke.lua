-- Ends an active row, whatever its version. KEYS[1]: the row. ARGV: the new status and version.
-- Answers nil where there is no row, else its version, and 1 if it was active. An end that was there is written again: whoever
-- waits for replicas waits for what his own connection has written.
local head = redis.call('GETRANGE', KEYS[1], 1, 9)
if head == '' then
  return false
end
if string.sub(head, 1, 1) ~= '\0' then
  redis.call('SETRANGE', KEYS[1], 1, head)
  return {string.sub(head, 2, 9), 0}
end
redis.call('SETRANGE', KEYS[1], 0, '\1' .. ARGV[1])
return {string.sub(ARGV[1], 2, 9), 1}
