import { expect, test } from 'vitest';
import type { LiveSnapshot } from '../../src/gateway/contract.js';
import { fillAddress, pay, seesStatus, signIn } from './people.js';
import { visit } from './visit.js';

test('a replica that is stopped in the middle of a purchase is seen on the map, and not by the customer', async () => {
  const katherine = await visit();
  await signIn(katherine, 'Katherine Johnson');
  await katherine.getByRole('link', { name: 'Break it' }).click();
  const map = katherine.getByRole('img', { name: /^Map:/ });
  await map.and(katherine.getByLabel('products-2 serving')).waitFor();

  const ada = await visit();
  await signIn(ada, 'Ada Lovelace');
  await ada.getByRole('link', { name: 'Distributed Systems' }).click();
  await ada.getByRole('button', { name: 'Buy now' }).click();
  await fillAddress(ada);

  await katherine.getByRole('button', { name: 'Stop products-2' }).click();
  try {
    await map.and(katherine.getByLabel('products-2 stopped')).waitFor();
    await ada.getByRole('button', { name: 'Order for' }).click();
    await pay(ada, 'Good');
    await seesStatus(ada, 'Paid');
  } finally {
    await katherine.getByRole('button', { name: 'Bring back products-2' }).click();
    await map.and(katherine.getByLabel('products-2 serving')).waitFor();
  }
});

test('a call opens to its spans, its interceptors and its lines of the log', async () => {
  const watcher = await visit('/live');
  // The first snapshot has come, so calls are seen from now on.
  await watcher.getByRole('img', { name: /products-1 serving/ }).waitFor();
  const ada = await visit();
  await signIn(ada, 'Ada Lovelace');
  await ada.goto('/products/3');
  await ada.getByRole('button', { name: 'Put into the basket' }).waitFor();

  await watcher.getByRole('searchbox', { name: 'Filter calls' }).fill('GetProduct');
  await watcher.getByRole('link', { name: 'ecommerce.ProductService/GetProduct' }).first().click();
  const detail = watcher.getByRole('dialog');
  await detail.getByRole('region', { name: 'Spans' }).getByText('GetProduct').first().waitFor();
  await detail.getByRole('region', { name: 'Interceptors' }).getByText('validation').first().waitFor();
  await detail.getByRole('region', { name: 'Interceptors' }).getByText('handler').first().waitFor();
  await detail.getByRole('region', { name: 'Log' }).getByText('GetProduct').first().waitFor();

  await watcher.keyboard.press('Escape');
  await watcher.waitForURL('**/live');
});

test('nobody listens to the services who does not look', async () => {
  const page = await visit('/live');
  await page.getByText('Circuit breakers').waitFor();
  const hungUp = page.waitForEvent('requestfailed', (request) => request.url().endsWith('/api/live'));
  await page.getByRole('link', { name: 'Browse' }).click();
  await hungUp;
});

test('a thousand calls a second stay a short list, and the page answers meanwhile', async () => {
  const page = await visit();
  const snapshots = Array.from({ length: 240 }, (_, index) => busy(index));
  const body = snapshots.map((each) => `event: snapshot\ndata: ${JSON.stringify(each)}\n\n`).join('');
  await page.route('**/api/live', (route) => route.fulfill({ contentType: 'text/event-stream', body }));
  await page.getByRole('link', { name: 'Live' }).click();
  await page.getByText('108,000 more calls were too many to list').waitFor();

  expect(await page.getByRole('region', { name: 'Calls' }).getByRole('row').count()).toBeLessThan(100);
  await page.getByRole('searchbox', { name: 'Filter calls' }).fill('c-239-0');
  await expect.poll(() => page.getByRole('region', { name: 'Calls' }).getByRole('row').count()).toBe(2);
});

test('who does not run the shop breaks nothing', async () => {
  const page = await visit();
  await signIn(page, 'Ada Lovelace');
  await page.goto('/break');
  await page.getByText('Only for those who run the shop').waitFor();

  expect(await page.getByRole('link', { name: 'Break it' }).count()).toBe(0);
  const status = await page.evaluate(async () => {
    const headers = { 'content-type': 'application/json' };
    return (await fetch('/api/break/replicas/products-1/stop', { method: 'POST', headers, body: '{}' })).status;
  });
  expect(status).toBe(403);
});

/** Half a second of a thousand calls a second. */
function busy(index: number): LiveSnapshot {
  const at = Date.now() + index * 500;
  return {
    at,
    intervalMs: 500,
    replicas: [],
    edges: [],
    breakers: [],
    faults: [],
    load: null,
    unseen: 450,
    calls: Array.from({ length: 50 }, (_, call) => ({
      id: `c-${index}-${call}`,
      traceId: `c-${index}-${call}`,
      at,
      rpc: 'ecommerce.ProductService/GetProduct',
      kind: 'unary',
      code: 'OK',
      durationMs: 3,
      from: 'customer',
      replica: 'products-1',
      attempts: 1,
    })),
  };
}
