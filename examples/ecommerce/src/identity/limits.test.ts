import type { ServerCallContext } from 'grpc-js-middleware';
import { expect, test } from 'vitest';
import { callerKey, limitPeople } from './limits.js';

/** A call as far as limits look at it. */
function callOf(identity: object | undefined, peer = '127.0.0.1:4711'): ServerCallContext {
  return { get: () => identity, peer } as unknown as ServerCallContext;
}

test('users are counted by who they are, strangers by where they are, on whatever port', () => {
  expect(callerKey(callOf({ subject: '1', roles: ['customer'] }))).toBe('user 1');
  expect(callerKey(callOf(undefined))).toBe(callerKey(callOf(undefined, '127.0.0.1:4712')));
  expect(callerKey(callOf(undefined))).not.toBe(callerKey(callOf(undefined, '10.0.0.7:4711')));
});

test('people have a bucket each; services are not counted', async () => {
  const limiter = limitPeople({ ratePerSecond: 0.001, burst: 2 });
  const service = callerKey(callOf({ subject: 'service:orders', roles: ['service'] }));

  expect([await limiter.take('a'), await limiter.take('a')]).toEqual([0, 0]);
  expect(await limiter.take('a')).toBeGreaterThan(0);
  expect(await limiter.take('b')).toBe(0);
  for (let calls = 0; calls < 10; calls++) expect(await limiter.take(service)).toBe(0);
});
