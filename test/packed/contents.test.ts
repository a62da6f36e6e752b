import { readFile, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { folderOf } from './project.js';

const installed = join(folderOf('alone'), 'node_modules/grpc-js-middleware');
const entries = await readdir(installed, { recursive: true, withFileTypes: true });
const files = entries
  .filter((entry) => entry.isFile())
  .map((entry) => join(entry.parentPath, entry.name).slice(installed.length + 1));

const read = (file: string): Promise<string> => readFile(join(installed, file), 'utf8');
const sizeOf = async (file: string): Promise<number> => (await stat(file)).size;

/** What tsup makes of code and types that several paths share: a name and a hash. */
const SHARED = /^dist\/[\w-]+-[\w-]{8}\.(c?js|d\.c?ts)$/;

test('holds what its exports name, what these share, the command and four files to read', async () => {
  const manifest = JSON.parse(await read('package.json')) as { exports: unknown };
  const exported = JSON.stringify(manifest.exports).match(/dist\/[^"]+/g)!;
  const expected = [...exported, 'dist/cli.js', 'package.json', 'README.md', 'CHANGELOG.md', 'LICENSE'];
  expect(files.filter((file) => !SHARED.test(file)).sort()).toEqual(expected.sort());
});

test('has no script that npm would run where it is installed', async () => {
  const { scripts } = JSON.parse(await read('package.json')) as { scripts: Record<string, string> };
  const run = ['preinstall', 'install', 'postinstall', 'preprepare', 'prepare', 'postprepare', 'dependencies'];
  expect(Object.keys(scripts).filter((name) => run.includes(name))).toEqual([]);
});

test('points at no source map, since it has none', async () => {
  const scripts = await Promise.all(files.filter((file) => /\.c?js$/.test(file)).map(read));
  expect(scripts.filter((script) => script.includes('sourceMappingURL'))).toEqual([]);
});

test('is under 500 KB to download and 2 MB on disk', async () => {
  const sizes = await Promise.all(files.map((file) => sizeOf(join(installed, file))));
  expect(sizes.reduce((sum, size) => sum + size)).toBeLessThan(2_000_000);
  expect(await sizeOf(join(import.meta.dirname, '../../grpc-js-middleware.tgz'))).toBeLessThan(500_000);
});
