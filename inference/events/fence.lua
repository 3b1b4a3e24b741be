-- Raises a reply's fence to an attempt; from then on no older attempt can write.
-- ARGV: reply id, attempt, epoch, seconds a snapshot lives, reasoning, text (what the caller has).
-- Returns {0, attempt} when a newer attempt is there; else {1, epoch, kept, reasoning, text}: what Redis holds, or what
-- the caller gave where that is of a newer epoch or no shorter. kept is 1 when this Redis has run since the last fence,
-- so that nothing it published is missing from it.
local key = 'reply:' .. ARGV[1]
local run = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')
local known = redis.call('HMGET', key, 'attempt', 'epoch', 'run')
if known[1] and tonumber(known[1]) > tonumber(ARGV[2]) then
  return {0, tonumber(known[1])}
end
local epoch = tonumber(known[2] or -1)
local reasoning = redis.call('GET', key .. ':r') or ''
local text = redis.call('GET', key .. ':t') or ''
local given = tonumber(ARGV[3])
if given > epoch or (given == epoch and #ARGV[5] + #ARGV[6] >= #reasoning + #text) then
  epoch, reasoning, text = given, ARGV[5], ARGV[6]
  redis.call('SET', key .. ':r', reasoning, 'EX', ARGV[4])
  redis.call('SET', key .. ':t', text, 'EX', ARGV[4])
end
redis.call('HSET', key, 'attempt', ARGV[2], 'epoch', epoch, 'run', run)
redis.call('EXPIRE', key, ARGV[4])
return {1, epoch, known[3] == run and 1 or 0, reasoning, text}
