-- A page of the feed. KEYS: its head, its entries. ARGV: the last number seen, how many, and an epoch if there is none.
-- Answers the epoch, the history of this Redis, the last number given, the first entry kept, and the page.
redis.call('HSETNX', KEYS[1], 'epoch', ARGV[3])
local history = string.match(redis.call('INFO', 'replication'), 'master_replid:(%x+)') or ''
local head = redis.call('HMGET', KEYS[1], 'epoch', 'last')
local first = redis.call('XRANGE', KEYS[2], '-', '+', 'COUNT', 1)
local page = redis.call('XRANGE', KEYS[2], '(' .. ARGV[1] .. '-0', '+', 'COUNT', ARGV[2])
return {head[1], history, head[2] or '0', first, page}
