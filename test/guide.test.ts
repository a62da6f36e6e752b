import { execFile, execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { beforeAll, expect, test } from 'vitest';

const folder = fileURLToPath(new URL('../examples/guide/', import.meta.url));
const read = (name: string) => readFileSync(`${folder}${name}`, 'utf8');

/** What programs share is not a part of the guide. */
const SHARED = ['product-service.mjs', 'certificates.mjs'];
const files = readdirSync(folder).filter((name) => name.endsWith('.mjs'));
const programs = files.filter((name) => !SHARED.includes(name));

beforeAll(() => {
  execFileSync(process.execPath, ['../../scripts/ensure-built.mjs'], { cwd: folder });
}, 300_000);

test.each(programs)('%s prints what its .txt shows, and ends', { timeout: 60_000 }, async (name) => {
  const { stdout } = await promisify(execFile)(process.execPath, [name], { cwd: folder, timeout: 50_000 });

  expect(stdout).toBe(read(name.replace('.mjs', '.txt')));
});

test.each(files)('%s has at most 60 lines and needs nothing of the shop', (name) => {
  const text = read(name);

  expect(text.trimEnd().split('\n').length).toBeLessThanOrEqual(60);
  expect(text).not.toContain('ecommerce/');
});

test('the table of the README lists every program', () => {
  const table = read('README.md');

  expect(programs.filter((name) => !table.includes(`[\`${name}\`](${name})`))).toEqual([]);
});
