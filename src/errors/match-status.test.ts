import { Metadata, status } from '@grpc/grpc-js';
import { describe, expect, expectTypeOf, test } from 'vitest';
import { StatusError } from '../core/status/status-error.js';
import { matchStatus } from './index.js';

describe('matchStatus', () => {
  const notFound = new StatusError(status.NOT_FOUND, 'x');

  test('runs the handler for the code', () => {
    expect(matchStatus(notFound, { NOT_FOUND: ({ details }) => details, default: () => 'default' })).toBe('x');
  });

  test('works on the errors of grpc-js', () => {
    const error = Object.assign(new Error('5 NOT_FOUND: y'), { code: 5, details: 'y', metadata: new Metadata() });
    expect(matchStatus(error, { NOT_FOUND: ({ details }) => details })).toBe('y');
  });

  test('runs the default for all others', () => {
    expect(matchStatus(notFound, { ABORTED: () => 1, default: ({ code }) => code })).toBe(5);
    expect(matchStatus(new Error('secret'), { UNKNOWN: ({ cause }) => (cause as Error).message })).toBe('secret');
  });

  test('throws on what no handler is for', () => {
    expect(() => matchStatus(notFound, { ABORTED: () => 1 })).toThrow(notFound);
    const foreign = new TypeError('x');
    expect(() => matchStatus(foreign, { ABORTED: () => 1 })).toThrow(foreign);
  });

  test('infers the result, and refuses misspelt names', () => {
    const match = (error: unknown) =>
      matchStatus(error, { NOT_FOUND: () => undefined, default: (other) => other.code });
    expectTypeOf(match).returns.toEqualTypeOf<status | undefined>();
    // @ts-expect-error no such code
    expect(() => matchStatus(notFound, { NOTFOUND: () => 1 })).toThrow(notFound);
  });
});
