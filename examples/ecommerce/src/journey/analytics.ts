import { status } from '@grpc/grpc-js';
import type { Journey } from './journey.js';
import type { People } from './people.js';

/** What the shop makes of it all. */
export async function lookBack(journey: Journey, { stranger, ada, admin }: People, productId: number): Promise<void> {
  const event = { name: 'product_view', userId: 0, productId, properties: { page: 'home' } };
  await journey.succeeds(() => stranger.analytics.trackEvent(event));
  const all = { names: [], from: undefined, to: undefined };
  await journey.isRefused(status.PERMISSION_DENIED, () => ada.analytics.getMetrics(all));
  await journey.succeeds(
    () => admin.analytics.getMetrics(all),
    ({ metrics }) => metrics.some(({ name, value }) => name === 'revenue' && value > 0),
  );
  const metrics = journey.opens(() => admin.analytics.streamMetrics({ names: ['orders'], intervalMs: 100 }));
  await metrics.hears();
  await metrics.hears(({ name, value }) => name === 'orders' && value > 0);
  await metrics.hangUp();
  await journey.succeeds(
    () => admin.analytics.getDashboard({ days: 1, topProducts: 3 }),
    ({ topProducts }) => topProducts.length > 0,
  );
}
