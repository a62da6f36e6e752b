import { expect, test } from 'vitest';
import { besiege } from './siege.js';

test('a server besieged by bad HTTP/2 clients is at rest afterwards, and serves', { timeout: 90_000 }, async () => {
  const { connections, faults } = await besiege({ seconds: 2, seed: 1, lingerMs: 500, graceMs: 60_000 });
  expect(faults).toEqual([]);
  expect(connections).toBeGreaterThan(20);
});
