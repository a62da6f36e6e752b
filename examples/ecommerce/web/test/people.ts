import type { Page } from 'playwright-core';

// What people do in the shop, as tests and pictures need it.

/** Signs in as one of the seeded people. */
export async function signIn(page: Page, name: string): Promise<void> {
  await page.locator('button.who').click();
  await page.locator('#people').getByRole('button', { name }).click();
  await page.locator('button.who').getByText(name).waitFor();
}

/** From a product's page to an order that waits for its payment; says the order's number. */
export async function order(page: Page, product: string): Promise<string> {
  await page.getByRole('searchbox', { name: 'Search products' }).fill(product);
  await page.getByRole('link', { name: product }).click();
  await page.getByRole('button', { name: 'Buy now' }).click();
  await fillAddress(page);
  await page.getByRole('button', { name: 'Order for' }).click();
  await page.getByRole('heading', { name: 'Pay', exact: true }).waitFor();
  return new URL(page.url()).pathname;
}

export async function fillAddress(page: Page): Promise<void> {
  await page.getByLabel('Street').fill('12 St James Square');
  await page.getByLabel('Postal code').fill('SW1Y 4LB');
  await page.getByLabel('City').fill('London');
  await page.getByLabel('Country').fill('United Kingdom');
}

export async function pay(page: Page, card: string): Promise<void> {
  await page.getByRole('radio', { name: card }).check();
  await page.getByRole('button', { name: /^Pay \$/ }).click();
}

/** Waits until the order's page says so; nobody reloads it. */
export async function seesStatus(page: Page, word: string): Promise<void> {
  await page.getByRole('region', { name: 'Status' }).getByRole('status').getByText(word).waitFor();
}
