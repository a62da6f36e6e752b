import { chromium, type Browser } from 'playwright-core';

/** Where the shop is that is looked at. */
export const SHOP_URL = `http://127.0.0.1:${9464 + Number(process.env['SHOP_PORT_OFFSET'] ?? 0)}`;

/** Debian's Chromium, with a profile of its own that is thrown away, asking nobody but the shop. */
export function openBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: process.env['CHROMIUM'] ?? '/usr/bin/chromium',
    args: [
      '--headless',
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}
