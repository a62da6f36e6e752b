import { Script } from './script.js';

/**
 * KEYS[1]: the record. ARGV: fingerprint, owner, lease (ms).
 * Answers: 'claimed', or the fingerprint and, once it is finished, the outcome of what has the key.
 */
export const claimKey = new Script(`
local kept = redis.call('HMGET', KEYS[1], 'fingerprint', 'owner', 'outcome')
if kept[1] and kept[2] ~= ARGV[2] then
  if kept[3] then return {'finished', kept[1], kept[3]} end
  return {'running', kept[1], ''}
end
redis.call('HSET', KEYS[1], 'fingerprint', ARGV[1], 'owner', ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return {'claimed', '', ''}
`);

/** KEYS[1]: the record. ARGV: owner, outcome, how long to keep it (ms). Answers 1 when the outcome is kept. */
export const finishKey = new Script(`
if redis.call('HGET', KEYS[1], 'owner') ~= ARGV[1] then return 0 end
redis.call('HSET', KEYS[1], 'outcome', ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[3])
return 1
`);

/** KEYS[1]: the record. ARGV: owner. A record that is finished stays. */
export const releaseKey = new Script(`
local kept = redis.call('HMGET', KEYS[1], 'owner', 'outcome')
if kept[1] == ARGV[1] and not kept[2] then redis.call('DEL', KEYS[1]) end
return 0
`);

/** KEYS[1]: any key, so that a cluster asks the node that keeps it. Answers that node's maxmemory-policy. */
export const evictionPolicy = new Script(`
return string.match(redis.call('INFO', 'memory'), 'maxmemory_policy:([%w-]+)') or ''
`);
