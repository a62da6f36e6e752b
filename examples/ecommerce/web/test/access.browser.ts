import axe from 'axe-core';
import type { Page } from 'playwright-core';
import { expect, test } from 'vitest';
import { order, seesStatus, signIn } from './people.js';
import { visit } from './visit.js';

/** More stops than any page here has: whoever needs more is going in circles. */
const MANY = 80;

test('a purchase needs the keyboard only', async () => {
  const page = await visit();
  await page.keyboard.press('Tab');
  await tabTo(page, 'Sign in');
  await page.keyboard.press('Enter');
  await tabTo(page, /^A?\s*Ada Lovelace/);
  await page.keyboard.press('Enter');
  await page.locator('button.who').getByText('Ada Lovelace').waitFor();
  await page.getByRole('link', { name: 'Yoga Mat' }).waitFor();
  await tabTo(page, 'Search products');
  await page.keyboard.type('yoga');
  await page.getByText('1 product with “yoga”').waitFor();
  await tabTo(page, /Yoga Mat/);
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Buy now' }).waitFor();
  await tabTo(page, 'Buy now');
  await page.keyboard.press('Enter');
  await page.getByLabel('Street').waitFor();
  for (const [field, value] of [
    ['Street', '12 St James Square'],
    ['Postal code', 'SW1Y 4LB'],
    ['City', 'London'],
    ['Country', 'United Kingdom'],
  ] as const) {
    await tabTo(page, field);
    await page.keyboard.type(value);
  }
  await page.keyboard.press('Enter');
  await page.getByRole('heading', { name: 'Pay', exact: true }).waitFor();
  await tabTo(page, /^Good/);
  await page.keyboard.press('ArrowDown'); // Declined
  await page.keyboard.press('ArrowUp');
  await tabTo(page, /^Pay \$/);
  await page.keyboard.press('Enter');

  await seesStatus(page, 'Paid');
});

test('where the focus is can be seen', async () => {
  const page = await visit();
  await page.getByRole('link', { name: 'Yoga Mat' }).waitFor();
  await page.keyboard.press('Tab');
  await tabTo(page, 'Electronics');

  const width = await page.evaluate(() => parseFloat(getComputedStyle(document.activeElement!).outlineWidth));
  expect(width).toBeGreaterThanOrEqual(2);
});

test('light and dark follow the system, until somebody chooses', async () => {
  const page = await visit('/', { colorScheme: 'dark' });
  await page.getByRole('link', { name: 'Yoga Mat' }).waitFor();
  const dark = await paper(page);
  await page.emulateMedia({ colorScheme: 'light' });
  await expect.poll(() => paper(page)).not.toBe(dark);

  await page.getByRole('button', { name: 'Switch between light and dark' }).click();
  await expect.poll(() => paper(page)).toBe(dark);
  await page.reload();
  await expect.poll(() => paper(page)).toBe(dark);
});

test.each(['light', 'dark'] as const)('nobody is kept out of the %s page', async (colorScheme) => {
  const page = await visit('/', { colorScheme });
  await signIn(page, 'Katherine Johnson');
  const placed = await order(page, 'Desk Lamp');
  const shown = {
    '/': '22 products',
    '/products/1': 'Put into the basket',
    '/basket': 'It is empty.',
    '/orders': 'Desk Lamp',
    [placed]: 'A test card, and what it does',
    '/chat': 'Say it',
    '/admin': 'What sells',
    '/admin/products/1': 'Tags, separated by commas',
    '/live': 'Circuit breakers',
    '/break': 'Slower by',
  };
  const found: unknown[] = [];
  for (const [path, text] of Object.entries(shown)) {
    await page.goto(path);
    await page.getByText(text).first().waitFor();
    found.push(...(await barriers(page)));
  }
  expect(found).toEqual([]);
});

test('nothing is cut off on a narrow screen', async () => {
  const page = await visit('/', { viewport: { width: 400, height: 800 } });
  await signIn(page, 'Katherine Johnson');
  for (const [path, text] of [
    ['/', 'Yoga Mat'],
    ['/live', 'Circuit breakers'],
    ['/break', 'Slower by'],
    ['/admin', 'What sells'],
  ] as const) {
    await page.goto(path);
    await page.getByText(text).first().waitFor();
    expect(await page.evaluate(() => document.documentElement.scrollWidth), path).toBeLessThanOrEqual(400);
  }
});

/** Presses Tab until something of that name has the focus. */
async function tabTo(page: Page, name: string | RegExp): Promise<void> {
  for (let stop = 0; stop < MANY; stop++) {
    const focused = await page.evaluate(() => {
      const element = document.activeElement as HTMLElement | null;
      const labels = (element as HTMLInputElement | null)?.labels;
      return element?.getAttribute('aria-label') ?? labels?.[0]?.textContent ?? element?.textContent ?? '';
    });
    if (typeof name === 'string' ? focused.trim() === name : name.test(focused.trim())) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`Tab never reaches ${String(name)}`);
}

function paper(page: Page): Promise<string> {
  return page.evaluate(() => getComputedStyle(document.body).backgroundColor);
}

/** What axe-core finds that keeps somebody out. */
async function barriers(page: Page): Promise<unknown[]> {
  await page.evaluate(axe.source);
  const { violations } = await page.evaluate(() => (window as unknown as { axe: typeof axe }).axe.run());
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => ({
      path: new URL(page.url()).pathname,
      id,
      where: nodes.map(({ html }) => html.slice(0, 120)),
    }));
}
