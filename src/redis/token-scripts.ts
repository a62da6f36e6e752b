import { Script } from './script.js';

/**
 * Takes tokens of one bucket, by the server's own clock.
 *
 * A bucket is kept as the time at which it will be full (`full`), in microseconds: a token that is taken moves it on by the time
 * in which one is refilled. So processes with different limits share a bucket sensibly: each token counts for as long as its
 * own process says. `at` is when it was written last, to notice a clock that was set back. Times count from a day in 2023:
 * smaller numbers keep fractions of a microsecond exact.
 *
 * KEYS[1]: the bucket. ARGV: rate per second, burst, cost, want, give back, how far ahead to reserve (µs), share.
 * Answers: granted, level before (thousandths of a token), µs until `cost` more are there, whether the limits differ.
 */
export const acquireTokens = new Script(`
local time = redis.call('TIME')
local now = (tonumber(time[1]) - 1700000000) * 1000000 + tonumber(time[2])
local burst = tonumber(ARGV[2])
local cost = tonumber(ARGV[3])
local perToken = 1000000 / tonumber(ARGV[1])
local limits = ARGV[1] .. '/' .. ARGV[2]
local kept = redis.call('HMGET', KEYS[1], 'full', 'at', 'limits')
local full = now
if kept[1] then
  full = tonumber(kept[1])
  local back = tonumber(kept[2]) - now
  if back > 0 then full = full - back end
end
full = math.max(now, full - tonumber(ARGV[5]) * perToken)
local level = burst - (full - now) / perToken + 0.000001
local there = math.floor(level)
local reservable = math.floor(level + tonumber(ARGV[6]) / perToken)
local granted = math.min(tonumber(ARGV[4]), reservable, math.max(there, tonumber(ARGV[7])))
if granted < cost then granted = 0 end
full = full + granted * perToken
redis.call('HSET', KEYS[1], 'full', string.format('%.17g', full), 'at', string.format('%.17g', now), 'limits', limits)
redis.call('PEXPIRE', KEYS[1], math.ceil((full - now) / 1000) + 1000)
local wait = math.max(0, math.ceil((cost - (level - granted)) * perToken))
local differs = 0
if kept[3] and kept[3] ~= limits then differs = 1 end
return {granted, math.floor(level * 1000), wait, differs}
`);

/**
 * Says that a process is at work, and counts those that have said so lately.
 *
 * KEYS[1]: the set of processes. ARGV: this process, for how many ms it counts.
 */
export const countProcesses = new Script(`
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - tonumber(ARGV[2]))
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return redis.call('ZCARD', KEYS[1])
`);
