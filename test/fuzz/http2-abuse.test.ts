import { expect, test } from 'vitest';
import { ways } from './abuse.js';
import { besiege } from './siege.js';

/** These hold a call for as long as HTTP/2 keeps its stream, until the time that a call takes to leave has a bound. */
const HELD = ['DATA after END_STREAM', 'a window of 0'];

test('a server that bad HTTP/2 clients besieged is at rest afterwards, and serves', { timeout: 60_000 }, async () => {
  expect(ways.map(({ name }) => name)).toEqual(expect.arrayContaining(HELD));
  const { connections, faults } = await besiege({ seconds: 2, seed: 1, graceMs: 30_000, without: HELD });
  expect(faults).toEqual([]);
  expect(connections).toBeGreaterThan(20);
});

test.todo(`the same with ${HELD.join(' and ')}`);
