import { Metadata, status } from '@grpc/grpc-js';
import { describe, expect, test } from 'vitest';
import { findDetail } from '../core/status/find-detail.js';
import { PUSHBACK_KEY, Refusals } from './refusal.js';
import { serverDelayMs } from './server-delay.js';

const refusals = new Refusals(status.UNAVAILABLE, 'Too much');

test('a refusal says when to come back, in text, as RetryInfo and as pushback', () => {
  const error = refusals.after(250.2);
  expect(error.code).toBe(status.UNAVAILABLE);
  expect(error.details).toBe('Too much, retry in 251 ms');
  expect(findDetail(error, 'retryInfo')).toEqual({ type: 'retryInfo', retryDelayMs: 251 });
  expect(error.metadata.get(PUSHBACK_KEY)).toEqual(['251']);
});

test('each caller gets an error of its own, without a stack', () => {
  const mine = refusals.after(40);
  mine.metadata.set('x-request-id', 'mine');
  expect(refusals.after(39.5).metadata.get('x-request-id')).toEqual([]);
  expect(refusals.after(40).stack).toBe('StatusError: 14 UNAVAILABLE: Too much, retry in 40 ms');
});

test.each([
  [0, '1'],
  [-5, '1'],
  [1e12, '2147483647'],
  [100.000_000_01, '100'],
])('a delay of %s ms is sent as %s', (delayMs, sent) => {
  expect(refusals.after(delayMs).metadata.get(PUSHBACK_KEY)).toEqual([sent]);
});

describe('what a server asks for', () => {
  const failed = (pushback: string[], code = status.UNAVAILABLE) => {
    const metadata = new Metadata();
    for (const value of pushback) metadata.add(PUSHBACK_KEY, value);
    return { code, details: '', metadata };
  };

  test.each([
    [['2000'], 2000],
    [['0'], 0],
    [[], 0],
    [['abc'], 0],
    [['-1'], 0],
    [['007'], 0],
    [['1e3'], 0],
    [['100', '200'], 0],
    [['31536000000'], 0],
    [['2147483647'], 300_000],
  ])('pushback %j asks for %d ms', (pushback, delayMs) => {
    expect(serverDelayMs(failed(pushback))).toBe(delayMs);
  });

  test('RetryInfo counts where there is no pushback, however long only five minutes of it', () => {
    const metadata = new Refusals(status.UNAVAILABLE, '').after(1_500).metadata.clone();
    metadata.remove(PUSHBACK_KEY);
    expect(serverDelayMs({ code: status.UNAVAILABLE, details: '', metadata })).toBe(1_500);
    const year = new Refusals(status.UNAVAILABLE, '').after(2 ** 31).metadata.clone();
    year.remove(PUSHBACK_KEY);
    expect(serverDelayMs({ code: status.UNAVAILABLE, details: '', metadata: year })).toBe(300_000);
  });

  test('details that are garbage ask for nothing', () => {
    const { metadata } = failed([]);
    metadata.set('grpc-status-details-bin', Buffer.from([255, 255, 255, 1, 2]));
    expect(serverDelayMs({ code: status.UNAVAILABLE, details: '', metadata })).toBe(0);
  });

  test('an OK asks for nothing', () => {
    expect(serverDelayMs(failed(['500'], status.OK))).toBe(0);
  });
});
