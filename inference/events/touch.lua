-- Keeps the snapshots of live replies alive. ARGV: seconds, then reply ids.
-- Returns those that another run of Redis fenced: it restarted since, and may have lost what it had not yet saved.
local run = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')
local older = {}
for i = 2, #ARGV do
  local key = 'reply:' .. ARGV[i]
  if redis.call('HGET', key, 'run') ~= run then
    older[#older + 1] = ARGV[i]
  end
  redis.call('EXPIRE', key, ARGV[1])
  redis.call('EXPIRE', key .. ':r', ARGV[1])
  redis.call('EXPIRE', key .. ':t', ARGV[1])
end
return older
