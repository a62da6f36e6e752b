import { setTimeout as delay } from 'node:timers/promises';
import { OrderStatus } from '../gen/ecommerce/order.js';
import type { People } from '../journey/people.js';
import { buy, stockUp } from '../storm/trade.js';

const WATCHERS = 1_000;

const CHANGES = [OrderStatus.CONFIRMED, OrderStatus.SHIPPED, OrderStatus.DELIVERED];

/** How long after a change everybody has heard of it, when so many watch one order. */
export async function measureWatchers({ ada, admin }: People): Promise<string> {
  const { id } = await buy(ada, 1, await stockUp(admin, 1));
  let heard = 0;
  const watch = async () => {
    for await (const _update of ada.orders.streamOrderUpdates({ id })) heard++;
  };
  const all = async (count: number) => {
    while (heard < count) await delay(1);
  };
  const watching = Array.from({ length: WATCHERS }, watch);
  await all(WATCHERS); // the present state
  const seconds: string[] = [];
  for (const [index, status] of CHANGES.entries()) {
    const startedAt = performance.now();
    await admin.orders.updateOrderStatus({ id, status });
    await all((index + 2) * WATCHERS);
    seconds.push(((performance.now() - startedAt) / 1_000).toFixed(2));
  }
  await Promise.all(watching);
  return `StreamOrderUpdates: ${WATCHERS} watchers of one order had all heard of its changes after ${seconds.join(', ')} s.`;
}
