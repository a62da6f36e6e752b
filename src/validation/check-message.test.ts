import { status } from '@grpc/grpc-js';
import { describe, expect, test, vi } from 'vitest';
import { StatusError } from '../core/status/status-error.js';
import { checkMessage } from './check-message.js';
import type { ValidationRule } from './rule.js';

const a = { field: 'a', description: 'is wrong' };
const b = { field: 'b', description: 'is wrong', reason: 'WRONG' };

test('all violations of all rules, in order', () => {
  expect(checkMessage([() => [a], () => [], () => [b, a]], {})).toEqual([a, b, a]);
});

test('nothing is awaited while all rules are sync', () => {
  expect(checkMessage([() => []], {})).toEqual([]);
});

test('async rules run one after another, with sync ones between them', async () => {
  const order: string[] = [];
  const rule = (name: string, violations: (typeof a)[]): ValidationRule => {
    return async () => {
      await Promise.resolve();
      order.push(name);
      return violations;
    };
  };
  await expect(checkMessage([rule('first', [a]), () => [b], rule('last', [a])], {})).resolves.toEqual([a, b, a]);
  expect(order).toEqual(['first', 'last']);
});

describe('a broken rule is INTERNAL, with the reason in the cause', () => {
  const internal = (cause: Error) =>
    expect.objectContaining({ code: status.INTERNAL, details: 'Internal error', cause }) as StatusError;
  const secret = new Error('password hunter2');

  test('that throws', () => {
    const rule = () => {
      throw secret;
    };
    expect(() => checkMessage([rule], {})).toThrow(internal(secret));
  });

  test('that rejects', async () => {
    await expect(checkMessage([() => Promise.reject(secret)], {})).rejects.toEqual(internal(secret));
  });

  test('that throws after an async one was asked: no rejection is left unhandled', async () => {
    const never = vi.fn(() => {
      throw secret;
    });
    await expect(checkMessage([() => Promise.reject(secret), never], {})).rejects.toEqual(internal(secret));
    expect(never).not.toHaveBeenCalled();
  });

  test.each<[unknown, string]>([
    [undefined, 'a list of violations, got a value of type undefined'],
    [null, 'a list of violations, got null'],
    [true, 'a list of violations, got a value of type boolean'],
    ['', 'a list of violations, got a value of type string'],
    [{ length: 0 }, 'a list of violations, got a value of type object'],
    [['id is wrong'], 'a field and a description, got a value of type string at 0'],
    [[a, { field: 'b' }], 'a field and a description, got a value of type object at 1'],
    [[{ ...a, reason: 7 }], 'a field and a description, got a value of type object at 0'],
    [[null], 'a field and a description, got null at 0'],
  ])('that answers %j', async (answer, text) => {
    const sync = (() => answer) as unknown as ValidationRule;
    const asynchronous = (() => Promise.resolve(answer)) as unknown as ValidationRule;
    const expected = internal(expect.objectContaining({ message: expect.stringContaining(text) as string }) as Error);
    expect(() => checkMessage([sync], {})).toThrow(expected);
    await expect(checkMessage([asynchronous], {})).rejects.toEqual(expected);
  });
});

test('a StatusError that a rule throws is sent as it is', async () => {
  const error = new StatusError(status.UNAVAILABLE, 'Try later');
  const throwing = () => {
    throw error;
  };
  expect(() => checkMessage([throwing], {})).toThrow(error);
  await expect(checkMessage([() => Promise.reject(error)], {})).rejects.toBe(error);
});
