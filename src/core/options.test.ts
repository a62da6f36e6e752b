import { afterEach, describe, expect, test, vi } from 'vitest';
import { optionsOf } from './options.js';

interface Options {
  readonly maxMs?: number;
  readonly burst?: number;
  readonly name?: string;
  readonly style?: string;
  readonly dryRun?: boolean;
  readonly onEnd?: () => void;
}
const names = ['maxMs', 'burst', 'name', 'style', 'dryRun', 'onEnd'] as const;
const check = (options: unknown) => optionsOf('rateLimit', options as Options, names);

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
    [{ maxMs: Number.NaN }, 'rateLimit: maxMs must be a number of at least 1, got NaN'],
    [{ maxMs: '5' }, "rateLimit: maxMs must be a number of at least 1, got '5'"],
    [{}, 'rateLimit: maxMs must be a number of at least 1, got undefined'],
    [{ maxMs: 0 }, 'rateLimit: maxMs must be a number of at least 1, got 0'],
  ])('%j: %s', (options, text) => {
    expect(() => check(options).number('maxMs', { min: 1 })).toThrow(new TypeError(text));
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
    expect(() => check(null)).toThrow('rateLimit: options must be an object, got null');
  });

  test('cuts what was got, so that a message stays readable', () => {
    expect(() => check({ name: Array(10_000).fill('secret') }).string('name')).toThrow(/^.{0,300}$/s);
  });

  test.each([
    ['maxMS', "unknown option 'maxMS': did you mean 'maxMs'?"],
    ['dry_run', "unknown option 'dry_run': did you mean 'dryRun'?"],
    ['colour', "unknown option 'colour': known are maxMs, burst, name, style, dryRun, onEnd"],
  ])('warns about %s', (name, text) => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    check({ [name]: 1 });
    expect(warn).toHaveBeenCalledWith(`rateLimit: ${text}`, { code: 'GRPC_JS_MIDDLEWARE_OPTION' });
  });
});
