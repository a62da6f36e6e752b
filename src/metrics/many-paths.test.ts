import { expect, test, vi } from 'vitest';
import { Registry } from 'prom-client';
import { defineClientInterceptor } from '../core/define.js';
import { methodOf, type Method } from '../core/method.js';
import { metersOf } from './meters.js';
import { metricsSettings } from './options.js';
import { KnownMethods } from './known-methods.js';

const path = (n: number): Method =>
  methodOf({ path: `/from.Outside/M${n}`, requestStream: false, responseStream: false });

test('paths from outside make a bounded number of series, count as other, and are warned of once', async () => {
  const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
  const register = new Registry();
  const [meter] = metersOf('client', metricsSettings('metricsClientInterceptor', { register }));
  for (let n = 0; n < 5_000; n++) meter!(path(n));
  const text = await register.metrics();
  const started = text.split('\n').filter((line) => line.startsWith('grpc_client_in_flight{'));
  expect(started.length).toBe(2_001);
  expect(text).toContain('grpc_service="other",grpc_method="other"');
  expect(warn).toHaveBeenCalledOnce();
  expect(warn.mock.calls[0]![1]).toMatchObject({ code: 'GRPC_JS_MIDDLEWARE_PATHS' });
});

test('methods of other kinds are other methods', () => {
  const known = new KnownMethods();
  for (let n = 0; n < 2_000; n++) known.of(path(n));
  const stream = methodOf({ path: '/from.Outside/S', requestStream: true, responseStream: true });
  expect(known.of(stream)).toMatchObject({ service: 'other', name: 'other', kind: 'bidi_stream' });
  expect(known.of(path(7))).toBe(path(7));
});

test('what an interceptor keeps per method is bounded, and calls beyond it still pass', () => {
  const define = vi.fn((_: Method): void => {});
  const interceptor = defineClientInterceptor('many', define);
  const next = vi.fn();
  for (let round = 0; round < 2; round++) {
    for (let n = 0; n < 2_500; n++) {
      const method_definition = { path: `/many.Paths/M${n}`, requestStream: false, responseStream: false };
      interceptor({ method_definition } as never, next as never);
    }
  }
  expect(next).toHaveBeenCalledTimes(5_000);
  expect(define).toHaveBeenCalledTimes(2_500 + 500);
});
