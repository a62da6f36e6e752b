import { Metadata } from '@grpc/grpc-js';
import { Registry } from 'prom-client';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { countedCalls, type CountedCalls } from '../../test/support/counted-calls.js';
import { linesOf, sumOf, valueOf } from '../../test/support/exposition.js';
import type { ServerCallContext } from '../core/context.js';
import { metricsServerInterceptor, type MetricsOptions } from './index.js';

let register: Registry;
let running: CountedCalls;

async function serve(options: Partial<MetricsOptions<ServerCallContext>>): Promise<CountedCalls> {
  const interceptors = [metricsServerInterceptor({ register, histogram: false, ...options })];
  return (running = await countedCalls({ interceptors }));
}

async function callOf(tenant: string): Promise<void> {
  const metadata = new Metadata();
  metadata.set('tenant', tenant);
  await running.call('unary', [{}], { metadata });
}

const tenant = (call: ServerCallContext): string => String(call.metadata.get('tenant')[0]);
const handled = async (): Promise<string[]> =>
  linesOf(await register.metrics(), 'grpc_server_handled_total').map((line) =>
    line.replace(/.*"Echo",|,grpc_code.*\}/g, ''),
  );

beforeEach(() => {
  register = new Registry();
  vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
});
afterEach(async () => {
  await running?.close();
  vi.restoreAllMocks();
});

describe('a label function', () => {
  const throws = (): never => {
    throw new Error('no');
  };

  test.each([
    ['throws', throws, 'unknown'],
    ['gives megabytes', () => 'x'.repeat(3_000_000), 'other'],
    ['gives nothing', () => undefined, ''],
    ['gives null', () => null, ''],
    ['gives a number', () => 7, '7'],
    ['gives an object', () => ({ toString: throws }), 'unknown'],
    ['is asynchronous', () => Promise.reject(new Error('no')), 'unknown'],
    ['gives a lone surrogate', () => 'a\ud800', 'a\ufffd'],
  ])('that %s: the call ends well, and is counted', async (_what, label, value) => {
    await serve({ labels: { tenant: label as () => string } });
    expect((await running.call('unary')).code).toBe(0);
    expect(await handled()).toEqual([`tenant="${value}" 1`]);
  });

  test('the same odd value again is the same series', async () => {
    await serve({ labels: { tenant: () => 'a\ud800' } });
    await running.call('unary');
    await running.call('unary');
    expect(await handled()).toEqual(['tenant="a\ufffd" 2']);
  });
});

test('values beyond the bound are counted together, and the operator is told once', async () => {
  await serve({ labels: { tenant }, maxLabelValues: 3 });
  for (const name of ['a', 'b', 'c', 'd', 'e', 'a', 'f']) await callOf(name);
  expect(await handled()).toEqual(['tenant="a" 2', 'tenant="b" 1', 'tenant="c" 1', 'tenant="other" 3']);
  expect(process.emitWarning).toHaveBeenCalledExactlyOnceWith(
    "metrics: labels tenant took more than 3 distinct values; the rest is counted as 'other'",
    { code: 'GRPC_JS_MIDDLEWARE_LABELS' },
  );
});

test('a thousand values leave no more than a hundred series and one', async () => {
  let n = 0;
  await serve({ labels: { tenant: () => `t${n++}` } });
  for (let i = 0; i < 1000; i += 50) await Promise.all(Array.from({ length: 50 }, () => running.call('unary')));
  const text = await register.metrics();
  expect(linesOf(text, 'grpc_server_handled_total')).toHaveLength(101);
  expect(sumOf(text, 'grpc_server_handled_total')).toBe(1000);
});

test('it is combinations that are bounded, since each is a series', async () => {
  let n = 0;
  await serve({ labels: { a: () => String(n % 2), b: () => String(n++) }, maxLabelValues: 2 });
  for (let i = 0; i < 4; i++) await running.call('unary');
  expect(valueOf(await register.metrics(), 'grpc_server_handled_total', { a: 'other', b: 'other' })).toBe(2);
});

test('values that differ only in how they are joined are different', async () => {
  const values = [
    ['a,b', 'c'],
    ['a', 'b,c'],
  ] as const;
  let n = 0;
  await serve({ labels: { x: () => values[n % 2]![0], y: () => values[n++ % 2]![1] } });
  for (let i = 0; i < 2; i++) await running.call('unary');
  expect(await handled()).toHaveLength(2);
});
