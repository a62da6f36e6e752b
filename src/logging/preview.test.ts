import { Metadata } from '@grpc/grpc-js';
import { describe, expect, test } from 'vitest';
import { Previewer } from './preview.js';
import { Redactor } from './redact.js';

const previewer = (maxLength = 2048, paths: string[] = []): Previewer =>
  new Previewer(new Redactor(paths, 'redact'), maxLength);
const shown = (value: unknown, maxLength?: number): unknown => previewer(maxLength).of(value);

class Long {
  readonly __isLong__ = true;
  toString = (): string => '9007199254740993';
}

describe('values', () => {
  test.each([
    ['text', 'text'],
    [7, 7],
    [false, false],
    [null, null],
    [undefined, undefined],
    [2n ** 70n, '1180591620717411303424'],
    [new Date(0), '1970-01-01T00:00:00.000Z'],
    [new Date(NaN), 'Invalid Date'],
    [new Uint8Array(3), '<3 bytes>'],
    [new ArrayBuffer(4), '<4 bytes>'],
    [new Set([1, 'a']), [1, 'a']],
    [new Long(), '9007199254740993'],
    [
      [1, undefined, () => 1],
      [1, null, null],
    ],
    [{ a: undefined, f: () => 1, s: Symbol('x'), b: 1 }, { b: 1 }],
  ])('%o', (value, expected) => {
    expect(shown(value)).toEqual(expected);
  });

  test('a cycle is named, and what merely stands twice is not one', () => {
    const twice = { a: 1 };
    const cyclic: Record<string, unknown> = { one: twice, two: twice };
    cyclic['self'] = [cyclic];
    expect(shown(cyclic)).toEqual({ one: { a: 1 }, two: { a: 1 }, self: ['[Circular]'] });
  });

  test('depth ends', () => {
    let deep: unknown = 'core';
    for (let i = 0; i < 100_000; i++) deep = { in: deep };
    expect(JSON.stringify(shown(deep))).toBe(`${'{"in":'.repeat(8)}"[Object]"${'}'.repeat(8)}`);
  });

  test('getters and proxies that throw cost themselves, not the rest', () => {
    const getter = {
      get bad(): unknown {
        throw new Error('no');
      },
      good: 1,
    };
    const proxy = new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error('no');
        },
      },
    );
    expect(shown({ getter, proxy })).toEqual({ getter: { bad: '[Unreadable]', good: 1 }, proxy: '[Unreadable]' });
  });

  test('`__proto__` is a name like any other', () => {
    const preview = shown(JSON.parse('{"__proto__":{"admin":true}}')) as object;
    expect(Object.getPrototypeOf(preview)).toBe(Object.prototype);
    expect(JSON.stringify(preview)).toBe('{"__proto__":{"admin":true}}');
  });

  test('metadata of grpc-js, wherever it stands, without its credentials', () => {
    const metadata = new Metadata();
    metadata.set('authorization', 'Bearer x');
    metadata.set('tenant', 'acme');
    expect(shown({ metadata })).toEqual({ metadata: { authorization: '[Redacted]', tenant: ['acme'] } });
  });
});

describe('size', () => {
  test('a long text is cut and says how long it was', () => {
    expect(shown('x'.repeat(50), 10)).toBe('xxxxxxxxxx… (50 characters)');
  });

  test('a cut never leaves half a character', () => {
    expect((shown('💥'.repeat(10), 5) as string).isWellFormed()).toBe(true);
  });

  test.each([
    ['5 MB of bytes', { data: Buffer.alloc(5_000_000) }, '{"data":"<5000000 bytes>"}'.length],
    ['5 MB of text', { text: 'x'.repeat(5_000_000) }, 2048],
    ['a million numbers', { numbers: Array.from({ length: 1_000_000 }, () => 7) }, 2048],
    ['a hundred thousand fields', Object.fromEntries(Array.from({ length: 100_000 }, (_, i) => [`f${i}`, i])), 2048],
    ['long names', { ['n'.repeat(100_000)]: 1, ['m'.repeat(100_000)]: 1 }, 2048],
    ['a wide tree', Array.from({ length: 300 }, () => Array.from({ length: 300 }, () => ({ a: 'b' }))), 2048],
  ])('%s stays small', (_what, value, limit) => {
    expect(JSON.stringify(shown(value)).length).toBeLessThan(limit + 200);
  });

  test('what was left out is counted', () => {
    expect(shown([1, 2, 3, 4, 5], 15)).toEqual([1, 2, '… 3 more']);
    expect(shown({ a: 1, b: 2, c: 3, d: 4 }, 24)).toEqual({ a: 1, b: 2, '…': '2 more' });
  });
});

describe('errors', () => {
  test('type, message, stack, own fields and the chain of causes', () => {
    const cause = Object.assign(new TypeError('inner'), { code: 'ECONN' });
    const preview = shown(new RangeError('outer', { cause }), 8192) as Record<string, Record<string, unknown>>;
    expect(preview).toMatchObject({
      type: 'RangeError',
      message: 'outer',
      cause: { type: 'TypeError', message: 'inner', code: 'ECONN' },
    });
    expect(preview['stack']).toContain('RangeError: outer');
  });

  test('a chain of causes may be a ring', () => {
    const error = new Error('ring');
    error.cause = new Error('other', { cause: error });
    expect(shown(error, 8192)).toMatchObject({ cause: { message: 'other', cause: '[Circular]' } });
  });

  test('paths begin anew at each error of the chain, and credentials are gone without any', () => {
    const cause = Object.assign(new Error('inner'), {
      password: 'p',
      config: { headers: { authorization: 'Bearer' } },
    });
    const error = new AggregateError([Object.assign(new Error('one'), { password: 'q' })], 'outer', { cause });
    expect(previewer(8192, ['password']).of(error)).toMatchObject({
      cause: { password: '[Redacted]', config: { headers: { authorization: '[Redacted]' } } },
      errors: [{ message: 'one', password: '[Redacted]' }],
    });
  });

  test('a redacted message is not to be read in the stack', () => {
    const preview = previewer(8192, ['message']).of(new Error('card 4242'));
    expect(JSON.stringify(preview)).not.toContain('4242');
  });

  test('what was thrown may be no error', () => {
    expect(shown('just text')).toBe('just text');
    expect(shown({ reason: 1 })).toEqual({ reason: 1 });
  });
});
