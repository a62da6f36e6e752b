import { expect, test } from 'vitest';
import { tracingClientInterceptor, tracingServerInterceptor, type TracingOptions } from './index.js';

test.each<[string, unknown, string]>([
  ['tracerProvider', {}, 'tracerProvider must be a TracerProvider, got {}'],
  ['propagator', { inject() {} }, 'propagator must be a TextMapPropagator, got { inject }'],
  ['captureMetadata', 'x-shop', "captureMetadata must be a list of metadata keys, got 'x-shop'"],
  ['captureMetadata', ['x-shop', 7], 'captureMetadata[1] must be a metadata key, got 7'],
  ['captureMetadata', ['x shop'], "captureMetadata[0] must be a metadata key, got 'x shop'"],
  [
    'captureMetadata',
    ['Authorization'],
    "captureMetadata[0] must be a key whose values are no secrets, got 'Authorization'",
  ],
  ['captureMetadata', ['set-cookie'], "captureMetadata[0] must be a key whose values are no secrets, got 'set-cookie'"],
  ['messageEvents', 'yes', "messageEvents must be true or false, got 'yes'"],
  ['recordExceptions', 1, 'recordExceptions must be true or false, got 1'],
])('a wrong %s is refused: %j', (name, value, message) => {
  const options = { [name]: value } as TracingOptions;
  expect(() => tracingServerInterceptor(options)).toThrow(new TypeError(`tracingServerInterceptor: ${message}`));
  expect(() => tracingClientInterceptor(options)).toThrow(new TypeError(`tracingClientInterceptor: ${message}`));
});
