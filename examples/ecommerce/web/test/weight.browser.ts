import { readdirSync, readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { visit } from './visit.js';

const DIST = fileURLToPath(new URL('../dist', import.meta.url));

test('all of the page weighs less than 150 kB, gzipped', () => {
  const files = readdirSync(DIST, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const weight = files.reduce(
    (sum, { parentPath, name }) => sum + gzipSync(readFileSync(join(parentPath, name))).length,
    0,
  );
  console.log(`  the page weighs ${(weight / 1_000).toFixed(1)} kB, gzipped`);
  expect(weight).toBeLessThan(150_000);
});

test('the first view loads nothing that it does not show, and nothing from elsewhere', async () => {
  const page = await visit();
  const requested: string[] = [];
  page.on('request', (request) => requested.push(request.url()));
  await page.reload();
  await page.getByText('22 products').waitFor();
  const ready = await page.evaluate(() => performance.now());
  console.log(`  the first view stands after ${Math.round(ready)} ms`);

  const here = new URL(page.url()).origin;
  expect(requested.filter((url) => !url.startsWith(here))).toEqual([]);
  expect(requested.filter((url) => /live|break|admin|chart/i.test(url))).toEqual([]);
});
