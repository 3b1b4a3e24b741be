-- Takes one worker's flush: writes each item that its attempt may write, then publishes what was taken as one entry.
-- KEYS[1] the feed. ARGV: packed items, seconds a finished reply's snapshot lives on, entries the feed keeps.
-- Returns packed [index, refusal, index, refusal, ...] of what was not taken; indexes begin at 1.
local items = cmsgpack.unpack(ARGV[1])
local refused, kept = {}, {}
for i, item in ipairs(items) do
  local key = 'reply:' .. item[1]
  local fence = redis.call('HGET', key, 'attempt')
  local why
  if not fence then
    why = 2
  elseif tonumber(fence) ~= item[2] then
    why = 1
  elseif item[4] < 2 then
    local part = key .. (item[4] == 0 and ':t' or ':r')
    if item[5] > 0 and redis.call('STRLEN', part) < item[5] then
      why = 3
    else
      redis.call('SETRANGE', part, item[5], item[6])
    end
  elseif item[5] == 1 then -- the last event
    for _, part in ipairs({key, key .. ':t', key .. ':r', key .. ':s'}) do
      redis.call('EXPIRE', part, ARGV[2])
    end
  end
  if why then
    refused[#refused + 1] = i
    refused[#refused + 1] = why
  else
    kept[#kept + 1] = item
  end
end
if #kept > 0 then
  local blob = #refused == 0 and ARGV[1] or cmsgpack.pack(kept)
  redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[3], '*', 'b', blob)
end
return refused
