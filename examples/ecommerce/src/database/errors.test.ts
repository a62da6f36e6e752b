import { DrizzleQueryError } from 'drizzle-orm';
import { status } from '@grpc/grpc-js';
import { expect, test } from 'vitest';
import { databaseUnavailable, isUniqueViolation } from './errors.js';

const coded = (code: string) => Object.assign(new Error('sorry'), { code });
const wrapped = (cause: Error) => new DrizzleQueryError('select 1', [], cause);

test.each([
  ['too many clients', coded('53300')],
  ['the server shuts down', coded('57P01')],
  ['the session was idle for too long in a transaction', coded('25P03')],
  ['a deadlock', coded('40P01')],
  ['a statement that took too long', coded('57014')],
  ['no server', coded('ECONNREFUSED')],
  ['a connection that broke', new Error('Connection terminated unexpectedly')],
  ['no connection left in the pool', new Error('timeout exceeded when trying to connect')],
])('%s: another try may succeed', (_, error) => {
  expect(databaseUnavailable(error)).toMatchObject({ code: status.UNAVAILABLE, cause: error });
  expect(databaseUnavailable(wrapped(error))).toMatchObject({ code: status.UNAVAILABLE });
});

test.each([
  ['a mistake in a statement', coded('42703')],
  ['a value twice', coded('23505')],
  ['a mistake of ours', new TypeError('x is not a function')],
  ['what is no error', 'Connection terminated'],
  ['nothing', undefined],
])('%s: no other try would', (_, error) => {
  expect(databaseUnavailable(error)).toBeUndefined();
});

test('a value that only one row may have is told from other failures', () => {
  expect(isUniqueViolation(wrapped(coded('23505')))).toBe(true);
  expect(isUniqueViolation(wrapped(coded('23503')))).toBe(false);
});
