import { expect, test } from 'vitest';
import { signIn } from './people.js';
import { visit } from './visit.js';

test('a notification rings at once', async () => {
  const ada = await visit();
  await signIn(ada, 'Ada Lovelace');
  const katherine = await visit();
  await signIn(katherine, 'Katherine Johnson');
  await katherine.goto('/admin/news');
  await katherine.getByLabel('Title').fill('Socks at half price');
  await katherine.getByLabel('Message').fill('Until Friday');
  await katherine.getByRole('button', { name: 'Send' }).click();

  await ada.getByRole('status').getByText('Socks at half price').waitFor();
  await ada.getByRole('button', { name: 'Notifications, 1 new' }).click();
  await ada.locator('#news').getByText('Until Friday').waitFor();
});

test('what one says in a room, the other reads', async () => {
  const [ada, grace] = [await visit(), await visit()];
  await signIn(ada, 'Ada Lovelace');
  await signIn(grace, 'Grace Hopper');
  await ada.getByRole('link', { name: 'Chat' }).click();
  await grace.getByRole('link', { name: 'Chat' }).click();
  await ada.getByLabel('Message', { exact: true }).fill('Is it <b>bold</b>?');
  await ada.getByRole('button', { name: 'Say it' }).click();

  await grace.getByLabel('Messages').getByText('Is it <b>bold</b>?').waitFor();
});

test('who runs the shop edits its products', async () => {
  const page = await visit();
  await signIn(page, 'Katherine Johnson');
  await page.getByRole('link', { name: 'Admin' }).click();
  await page.getByRole('link', { name: 'Products', exact: true }).click();
  await page.getByRole('link', { name: 'Add a product' }).click();
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByText('must not be empty').first().waitFor();
  await page.getByLabel('Name').fill('Kite');
  await page.getByLabel('Description').fill('Flies');
  await page.getByLabel('Price').fill('12.5');
  await page.getByLabel('Stock').fill('3');
  await page.getByLabel('Category').selectOption('Sports');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByRole('link', { name: 'Kite' }).waitFor();

  await page.getByRole('button', { name: 'Delete Kite' }).click();
  await page.getByRole('link', { name: 'Kite' }).waitFor({ state: 'detached' });
});

test('the dashboard draws what the shop counts', async () => {
  const page = await visit();
  await signIn(page, 'Katherine Johnson');
  await page.getByRole('link', { name: 'Admin' }).click();

  await page.getByText('Revenue, 30 days').waitFor();
  const revenue = page.locator('.legend li', { hasText: 'revenue' }).locator('b');
  await expect.poll(() => revenue.textContent()).not.toBe('$0.00');
});

test('markup in a search is text', async () => {
  const page = await visit('/?q=%3Cscript%3Ealert(1)%3C%2Fscript%3E');
  await page.getByText('0 products with “<script>alert(1)</script>”').waitFor();

  expect(await page.getByRole('searchbox').inputValue()).toBe('<script>alert(1)</script>');
});

test('a category that does not exist is refused in words', async () => {
  const page = await visit('/?category=PRODUCT_CATEGORY_DRAGONS');
  await page.getByRole('alert').getByText('Some fields need another look.').waitFor();
});
