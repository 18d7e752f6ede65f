-- Enters changes into the feed. KEYS: its head, its entries. ARGV: each change.
-- The numbers are given where they become visible, so nobody sees one before those below it.
for _, change in ipairs(ARGV) do
  local seq = redis.call('HINCRBY', KEYS[1], 'last', 1)
  redis.call('XADD', KEYS[2], string.format('%.0f-0', seq), 'c', change)
end
return 0
