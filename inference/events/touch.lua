-- Keeps the snapshots of live replies alive. ARGV: seconds, then reply ids.
for i = 2, #ARGV do
  local key = 'reply:' .. ARGV[i]
  redis.call('EXPIRE', key, ARGV[1])
  redis.call('EXPIRE', key .. ':r', ARGV[1])
  redis.call('EXPIRE', key .. ':t', ARGV[1])
end
