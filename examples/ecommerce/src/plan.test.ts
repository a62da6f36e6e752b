import { expect, test } from 'vitest';
import { addressTable, replicas } from './plan.js';

test('the replicas of a shop have the ports of the plan, moved together', () => {
  const names = replicas({ portOffset: 100 }).map(({ name, address }) => `${name} ${address}`);

  expect(names.slice(0, 5)).toEqual([
    'products-1 127.0.0.1:50151',
    'products-2 127.0.0.1:50152',
    'products-3 127.0.0.1:50153',
    'orders 127.0.0.1:50161',
    'payments 127.0.0.1:50162',
  ]);
});

test('further order processes listen where nobody else does', () => {
  const place = { portOffset: 0, orderProcesses: 5 };

  expect(addressTable(place).orders).toEqual([50061, 50071, 50081, 50091, 50101].map((port) => `127.0.0.1:${port}`));
  const all = replicas(place);
  expect(new Set(all.map(({ address }) => address)).size).toBe(all.length);
  expect(all.map(({ name }) => name)).toContain('orders-5');
});
