import { afterEach, describe, expect, test, vi } from 'vitest';
import { optionError, optionsOf, withheld } from './options.js';

interface Options {
  readonly maxMs?: number;
  readonly burst?: number;
  readonly name?: string;
  readonly style?: string;
  readonly dryRun?: boolean;
  readonly onEnd?: () => void;
}
const names = ['maxMs', 'burst', 'name', 'style', 'dryRun', 'onEnd'] as const;
const check = (options: unknown, place = 'rateLimit') => optionsOf(place, options as Options, names);

afterEach(() => vi.restoreAllMocks());

describe('optionsOf', () => {
  test('gives values and fallbacks back', () => {
    const options = check({ maxMs: 5, name: 'x' });
    expect(options.number('maxMs', { min: 1 })).toBe(5);
    expect(options.number('burst', { min: 1, fallback: 3 })).toBe(3);
    expect(options.string('name')).toBe('x');
    expect(options.boolean('dryRun', true)).toBe(true);
    expect(options.oneOf('style', ['a', 'b'], 'b')).toBe('b');
    expect(options.optionalFunction('onEnd')).toBeUndefined();
  });

  test.each([
    [{ maxMs: Number.NaN }, 'rateLimit: maxMs must be a finite number of at least 1, got NaN'],
    [{ maxMs: '5' }, "rateLimit: maxMs must be a finite number of at least 1, got '5'"],
    [{ maxMs: null }, 'rateLimit: maxMs must be a finite number of at least 1, got null'],
    [{ maxMs: Infinity }, 'rateLimit: maxMs must be a finite number of at least 1, got Infinity'],
    [{}, 'rateLimit: maxMs must be a finite number of at least 1, got undefined'],
    [{ maxMs: 0 }, 'rateLimit: maxMs must be a finite number of at least 1, got 0'],
  ])('%o: %s', (options, text) => {
    expect(() => check(options).number('maxMs', { min: 1 })).toThrow(new TypeError(text));
  });

  test('a time is one that setTimeout keeps', () => {
    expect(check({ maxMs: 2 ** 31 - 1 }).milliseconds('maxMs', { min: 1 })).toBe(2 ** 31 - 1);
    expect(() => check({ maxMs: 2 ** 31 }).milliseconds('maxMs', { above: 0 })).toThrow(
      'rateLimit: maxMs must be a number above 0, at most 2147483647, got 2147483648',
    );
  });

  test('infinity is a number where the rule says so', () => {
    expect(check({ maxMs: Infinity }).number('maxMs', { min: 1, max: Infinity })).toBe(Infinity);
  });

  test('names what was expected of each kind of option', () => {
    expect(() => check({ burst: 1.5 }).number('burst', { min: 1, max: 9, integer: true })).toThrow(
      'rateLimit: burst must be an integer from 1 to 9, got 1.5',
    );
    expect(() => check({ name: '' }).string('name')).toThrow("rateLimit: name must be a non-empty string, got ''");
    expect(() => check({ dryRun: 1 }).boolean('dryRun', false)).toThrow(
      'rateLimit: dryRun must be true or false, got 1',
    );
    expect(() => check({ style: 'c' }).oneOf('style', ['a', 'b'])).toThrow("must be one of 'a', 'b', got 'c'");
    expect(() => check({ onEnd: {} }).optionalFunction('onEnd')).toThrow('rateLimit: onEnd must be a function, got {}');
  });

  test.each([
    [null, 'null'],
    [undefined, 'undefined'],
    [[], 'a list'],
    ['a token', 'a string'],
    [() => 1, 'a function'],
  ])('options that are %o are refused, and not shown', (options, got) => {
    expect(() => check(options)).toThrow(`rateLimit: options must be an object, got ${got}`);
    expect(() => check(options, 'rateLimit: cache')).toThrow(`rateLimit: cache must be an object, got ${got}`);
  });

  test('names the way to an option inside an option', () => {
    expect(() => check({ name: '' }, 'rateLimit: cache').string('name')).toThrow('rateLimit: cache.name must be');
    expect(() => check({ name: '' }, "rateLimit: methods['a: b']").string('name')).toThrow("methods['a: b'].name must");
  });
});

describe('what was got', () => {
  test.each([
    [{ password: 'secret' }, '{ password }'],
    [{ a: 1, b: 2, c: 3, d: 4, e: 5, f: 6 }, '{ a, b, c, d, e, … }'],
    [new Map([['secret', 1]]), 'Map {}'],
    [['a', { secret: 1 }], "['a', { secret }]"],
    [Array(10_000).fill('x'), "['x', 'x', 'x', 'x', 'x', …]"],
    ['x'.repeat(100), `'${'x'.repeat(60)}'... 40 more characters`],
    [/^x$/, '/^x$/'],
  ])('is shown in short: %#', (got, text) => {
    expect(optionError('f: a', 'b', got).message).toBe(`f: a must be b, got ${text}`);
  });

  test('is told by its kind only where it may be a secret', () => {
    expect(optionError('f: token', 'a token', withheld('hunter2')).message).toBe(
      'f: token must be a token, got a string',
    );
    expect(optionError('f: token', 'a token', withheld('')).message).toMatch(/got an empty string$/);
  });
});

describe('an option that is not known', () => {
  const warnings = (options: object, place: string): unknown[] => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    check(options, place);
    return warn.mock.calls.map(([text]) => text);
  };

  test.each([
    ['maxMS', "one: unknown option 'maxMS'; did you mean 'maxMs'?"],
    ['dry_run', "one: unknown option 'dry_run'; did you mean 'dryRun'?"],
    ['brust', "one: unknown option 'brust'; did you mean 'burst'?"],
    ['colour', "one: unknown option 'colour'; known are maxMs, burst, name, style, dryRun, onEnd"],
  ])('warns: %s', (name, text) => {
    expect(warnings({ [name]: 1 }, 'one')).toEqual([text]);
  });

  test('warns once per function and name, with a code', () => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    for (const place of ['two', 'two', 'three']) check({ nmae: 'x' }, place);
    expect(warn.mock.calls).toEqual([
      ["two: unknown option 'nmae'; did you mean 'name'?", { code: 'GRPC_JS_MIDDLEWARE_UNKNOWN_OPTION' }],
      ["three: unknown option 'nmae'; did you mean 'name'?", { code: 'GRPC_JS_MIDDLEWARE_UNKNOWN_OPTION' }],
    ]);
  });

  test('is named with its way where it stands inside another', () => {
    expect(warnings({ nmae: 1 }, 'four: cache')).toEqual(["four: unknown option 'cache.nmae'; did you mean 'name'?"]);
  });

  test('does not compile when a list of names lacks one of the type', () => {
    const options: Options = {};
    // @ts-expect-error style, dryRun and onEnd are missing
    expect(optionsOf('five', options, ['maxMs', 'burst', 'name'])).toBeDefined();
    // @ts-expect-error there is no such option
    expect(optionsOf('five', options, [...names, 'colour'])).toBeDefined();
  });
});
