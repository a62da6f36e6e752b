import { expect, test } from 'vitest';
import { fillAddress, order, pay, seesStatus, signIn } from './people.js';
import { visit } from './visit.js';

test('a purchase, from search to refund', async () => {
  const ada = await visit();
  await ada.getByRole('searchbox', { name: 'Search products' }).fill('wool');
  await ada.getByText('2 products with “wool”').waitFor();
  await ada.getByRole('link', { name: 'Merino Sweater' }).click();
  await ada.getByRole('button', { name: 'Put into the basket' }).click();
  await ada.getByRole('link', { name: 'Basket, 1 piece' }).click();
  await signIn(ada, 'Ada Lovelace');
  await fillAddress(ada);
  await ada.getByRole('button', { name: 'Order for $74.90' }).click();
  await pay(ada, 'Good');
  await seesStatus(ada, 'Paid');

  const katherine = await visit();
  await signIn(katherine, 'Katherine Johnson');
  await katherine.goto(new URL(ada.url()).pathname);
  await katherine.getByRole('button', { name: 'Ship' }).click();
  await seesStatus(ada, 'On its way');
  await katherine.getByLabel('Reason').fill('It itches');
  await katherine.getByRole('button', { name: 'Refund' }).click();
  await seesStatus(ada, 'Refunded');
});

test('a declined card is an answer, and another card pays', async () => {
  const page = await visit();
  await signIn(page, 'Ada Lovelace');
  await order(page, 'Wool Socks');
  await pay(page, 'Declined');
  await page.getByText('The card was declined. Nothing was charged').waitFor();
  await seesStatus(page, 'Waits for payment');

  await pay(page, 'Good');
  await seesStatus(page, 'Paid');
});

test('a payment that is retried says so', async () => {
  const page = await visit();
  await signIn(page, 'Ada Lovelace');
  await order(page, 'Wool Socks');
  await pay(page, 'Hiccup');
  await seesStatus(page, 'Paid');

  await page.getByText('after 2 attempts').waitFor();
});

test('an order whose answer is lost is placed once, however often it is pressed', async () => {
  const page = await visit();
  await signIn(page, 'Ada Lovelace');
  const placed: unknown[] = [];
  await page.route('**/CreateOrder', async (route) => {
    const answer = await route.fetch(); // the shop has done it
    placed.push(((await answer.json()) as { order: { id: number } }).order.id);
    await (placed.length === 1 ? route.abort() : route.fulfill({ response: answer }));
  });
  await page.getByRole('link', { name: 'Wool Socks' }).click();
  await page.getByRole('button', { name: 'Buy now' }).click();
  await fillAddress(page);
  await page.getByRole('button', { name: 'Order for' }).click();
  await page.getByText('The shop does not answer.').waitFor();
  await page.getByRole('button', { name: 'Order for' }).click();
  await page.getByRole('heading', { name: 'Pay', exact: true }).waitFor();

  expect(placed).toEqual([placed[0], placed[0]]);
});

test('wrong fields are named beside them, and the first one has the focus', async () => {
  const page = await visit();
  await signIn(page, 'Ada Lovelace');
  await page.getByRole('link', { name: 'Wool Socks' }).click();
  await page.getByRole('button', { name: 'Buy now' }).click();
  await page.getByRole('button', { name: 'Order for' }).click();
  const street = page.getByLabel('Street');
  await expect.poll(() => street.evaluate((input) => input === document.activeElement)).toBe(true);

  const description = await street.getAttribute('aria-describedby');
  expect(await page.locator(`#${description}`).textContent()).toBe('must not be empty');
});

test('what the shop refuses reads as a sentence', async () => {
  const page = await visit();
  await signIn(page, 'Ada Lovelace');
  await page.getByRole('link', { name: 'Climbing Rope' }).click();
  await page.getByLabel('Quantity').fill('999');
  await page.getByRole('button', { name: 'Buy now' }).click();
  await fillAddress(page);
  await page.getByRole('button', { name: 'Order for' }).click();

  await page
    .getByRole('alert')
    .getByText(/^Of product \d+ only \d+ are left\.$/)
    .waitFor();
});

test('a card number is in the request that pays, and nowhere else', async () => {
  const page = await visit();
  const carriers: string[] = [];
  page.on('request', (request) => {
    if (request.postData()?.replaceAll(' ', '').includes('4242424242424242')) carriers.push(request.url());
  });
  await signIn(page, 'Ada Lovelace');
  await order(page, 'Wool Socks');
  await pay(page, 'Good');
  await seesStatus(page, 'Paid');

  expect(carriers.map((url) => url.split('/').at(-1))).toEqual(['ProcessPayment']);
  const kept = await page.evaluate(() => JSON.stringify([{ ...localStorage }, { ...sessionStorage }, location.href]));
  expect(kept).not.toContain('4242');
});
