import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Browser, Page } from 'playwright-core';
import { openBrowser, SHOP_URL } from '../test/browser.js';
import { order, pay, seesStatus, signIn } from '../test/people.js';

// The pictures that the README shows, taken from a shop that is open: `npm run screenshots` opens one.

const PICTURES = fileURLToPath(new URL('../../../../docs/images', import.meta.url));
const WIDE = { width: 1_280, height: 800 };
const NARROW = { width: 400, height: 800 };

const browser = await openBrowser();
try {
  await shop(browser);
  await orderOnAPhone(browser);
  await breakage(browser);
  await trace(browser);
} finally {
  await browser.close();
}

async function shop(browser: Browser): Promise<void> {
  const page = await look(browser, 'light', WIDE);
  await page.getByText('22 products').waitFor();
  await picture(page, 'shop');
}

async function orderOnAPhone(browser: Browser): Promise<void> {
  const page = await look(browser, 'dark', NARROW);
  await signIn(page, 'Ada Lovelace');
  await order(page, 'Coffee Grinder');
  await pay(page, 'Hiccup');
  await seesStatus(page, 'Paid');
  await page.locator('.toast').first().waitFor({ state: 'detached' });
  await picture(page, 'order');
}

/** A replica is stopped and a method made faulty under load, long enough for the charts to tell a story. */
async function breakage(browser: Browser): Promise<void> {
  const page = await look(browser, 'dark', { width: 1_440, height: 1_300 });
  await signIn(page, 'Katherine Johnson');
  await page.getByRole('link', { name: 'Break it' }).click();
  const ada = await look(browser, 'light', WIDE);
  await signIn(ada, 'Ada Lovelace');
  await page.getByRole('button', { name: '1×' }).click();
  await shopAround(ada, 16);
  await page.getByRole('button', { name: 'Stop products-2' }).click();
  await shopAround(ada, 16);
  await page.getByRole('button', { name: 'Apply' }).click();
  await shopAround(ada, 16);
  await picture(page, 'break-it');
  await page.getByRole('button', { name: 'Mend all' }).click();
  await page.getByRole('button', { name: 'End it' }).click();
  await page.getByRole('button', { name: 'Bring back products-2' }).click();
  await page.getByRole('button', { name: 'Stop products-2' }).waitFor();
}

/** Looks at products and orders one now and then, for so many seconds. */
async function shopAround(page: Page, seconds: number): Promise<void> {
  const ask = (rpc: string, data: object) => page.request.post(`/api/rpc/${rpc}`, { data });
  const shippingAddress = { street: '12 St James Square', zipCode: 'SW1Y 4LB', city: 'London', country: 'UK' };
  const end = Date.now() + seconds * 1_000;
  for (let round = 0; Date.now() < end; round++) {
    const productId = 9 + (round % 2);
    const items = [{ productId, quantity: 1 }];
    await Promise.all([
      ask('ecommerce.ProductService/GetProduct', { id: productId }),
      ask('user.UserService/GetUser', { id: 1 }),
      round % 4 === 0 && ask('ecommerce.OrderService/CreateOrder', { userId: 1, items, shippingAddress }),
      setTimeout(100),
    ]);
  }
}

async function trace(browser: Browser): Promise<void> {
  const watcher = await look(browser, 'light', { width: 1_280, height: 960 });
  await watcher.goto('/live');
  await watcher.getByText('Circuit breakers').waitFor();
  const ada = await look(browser, 'light', WIDE);
  await signIn(ada, 'Ada Lovelace');
  await order(ada, 'Linen Bedding');
  await watcher.getByRole('searchbox', { name: 'Filter calls' }).fill('CreateOrder');
  await watcher.getByRole('link', { name: 'ecommerce.OrderService/CreateOrder' }).first().click();
  await watcher.getByRole('region', { name: 'Interceptors' }).getByText('handler').first().waitFor();
  await picture(watcher, 'trace');
}

async function look(browser: Browser, colorScheme: 'light' | 'dark', viewport: typeof WIDE): Promise<Page> {
  const context = await browser.newContext({ baseURL: SHOP_URL, colorScheme, viewport, reducedMotion: 'reduce' });
  const page = await context.newPage();
  await page.goto('/');
  return page;
}

async function picture(page: Page, name: string): Promise<void> {
  await page.evaluate(() => scrollTo(0, 0));
  await page.screenshot({ path: `${PICTURES}/page-${name}.png` });
  console.log(`docs/images/page-${name}.png`);
}
