import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');

/** What tests do without, each with what to do in its place. */
const KINDS: readonly [string, RegExp][] = [
  ['call it test', /import \{[^}]*\bit\b[^}]*\} from 'vitest'/],
  ['use eventually or until of test/support, which wait as long as a busy machine needs', /\bvi\.wait(For|Until)\(/],
  ['wait for an event, or use fake timers', /new Promise[^\n]*\bsetTimeout\(\w+, [^)\n]+\)|await (delay|sleep)\(\d/],
  ['count, or let the test move the clock', /expect\((performance|Date)\.now\(\) - /],
];

/** Those that have a reason, which may only become fewer. */
const ALLOWED = [
  // Give their own, long limits.
  'examples/ecommerce/src/books/books.test.ts',
  'examples/ecommerce/src/shop.test.ts',
  'src/postgres/idempotency-store.test.ts',
  // A limit on a real server lets calls in again after a time that only its clock knows.
  'src/postgres/rate-limiter.test.ts',
  // Something must not happen for a while, or a lease of a millisecond passes meanwhile.
  'src/retry/closed-channel.test.ts',
  'src/retry/idempotency/between-callers.test.ts',
  'src/redis/faults.test.ts',
  'src/redis/rate-limiter.test.ts',
  // Pauses are what these are about: calls come at uneven times.
  'src/redis/bound.property.test.ts',
];

test.each(KINDS)('no test depends on how fast the machine is: %s', (_instead, pattern) => {
  const files = ['src', 'test', 'examples/ecommerce/src'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.test.ts'))
      .map((path) => `${folder}/${path}`),
  );
  expect(files.length).toBeGreaterThan(100);
  const found = files.filter((path) => pattern.test(readFileSync(join(root, path), 'utf8')));
  expect(found.filter((path) => !ALLOWED.includes(path) && path !== 'test/dialect.test.ts')).toEqual([]);
});
