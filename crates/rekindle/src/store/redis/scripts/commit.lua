-- Replaces an active row of a version. KEYS[1]: the row. ARGV[1]: that version, the new head from the status on, and what follows
-- the constants; row.rs has the layout. One argument, so that redis-benchmark can send the same.
-- Answers 0 for another version, an ended row or none; else the moments that the old head had.
local row = redis.call('GET', KEYS[1])
if not row or string.sub(row, 2, 10) ~= '\0' .. string.sub(ARGV[1], 1, 8) then
  return 0
end
local head = string.sub(ARGV[1], 9, 33)
local untold = string.sub(row, 1, 1)
if string.sub(head, 1, 1) ~= '\0' or string.sub(row, 11, 26) ~= string.sub(head, 10, 25) then
  untold = '\1'
end
local constants = string.sub(row, 27, 30 + struct.unpack('>I4', string.sub(row, 27, 30)))
redis.call('SET', KEYS[1], untold .. head .. constants .. string.sub(ARGV[1], 34), 'KEEPTTL')
return string.sub(row, 11, 26)
