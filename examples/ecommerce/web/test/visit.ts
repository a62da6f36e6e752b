import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, expect } from 'vitest';
import { openBrowser, SHOP_URL } from './browser.js';

let browser: Browser;
const complaints: string[] = [];

beforeAll(async () => {
  browser = await openBrowser();
});

afterAll(() => browser.close());

// Holds for every test: nothing on the console, no broken script, nothing that the Content-Security-Policy had to stop.
afterEach(async () => {
  await Promise.all(browser.contexts().map((context) => context.close()));
  expect(complaints.splice(0)).toEqual([]);
});

/** Somebody with a browser of their own, at the shop's door. */
export async function visit(path = '/', options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext({ baseURL: SHOP_URL, reducedMotion: 'reduce', ...options });
  const page = await context.newPage();
  page.on('pageerror', (error) => complaints.push(error.message));
  page.on('console', (message) => {
    if (message.type() === 'error' && !isRefusal(message.text())) complaints.push(message.text());
  });
  await page.goto(path);
  return page;
}

/** The browser notes every answer above 399, and every one that is lost; some are what a test is about. */
function isRefusal(text: string): boolean {
  return /^Failed to load resource: (the server responded with a status of [45]|net::ERR_FAILED)/.test(text);
}
