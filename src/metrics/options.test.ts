import { readdirSync, readFileSync } from 'node:fs';
import { Registry } from 'prom-client';
import { describe, expect, test } from 'vitest';
import { metricsClientInterceptor, metricsServerInterceptor } from './index.js';

const register = new Registry();
const meterProvider = { getMeter: () => ({ createCounter: () => ({}), createHistogram: () => ({}) }) };

describe('wrong options', () => {
  test.each([
    [{}, 'register must be a prom-client Registry, unless a meterProvider is given, got undefined'],
    [{ register: {} }, 'register must be a prom-client Registry, got {}'],
    [{ register: null }, 'register must be a prom-client Registry, got null'],
    [{ meterProvider: 'global' }, "meterProvider must be an OpenTelemetry MeterProvider, got 'global'"],
    [{ register, style: 'prometheus' }, "style must be one of 'grpc-prometheus', 'compact'"],
    [{ register, histogram: true }, 'histogram must be false, or { buckets: … }, got true'],
    [{ register, histogram: { buckets: [] } }, 'histogram.buckets must be a non-empty list of seconds'],
    [{ register, histogram: { buckets: [2, 1] } }, 'histogram.buckets must be a non-empty list of seconds'],
    [{ register, histogram: { buckets: [1, 1] } }, 'histogram.buckets must be a non-empty list of seconds'],
    [{ register, histogram: { buckets: [1, Infinity] } }, 'histogram.buckets must be a non-empty list of seconds'],
    [{ register, histogram: { buckets: 'fine' } }, 'histogram.buckets must be a non-empty list of seconds'],
    [{ register, exemplars: 1 }, 'exemplars must be true or false'],
    [{ meterProvider, exemplars: true }, 'exemplars must be false unless register is'],
    [{ register, labels: ['tenant'] }, "labels must be an object of functions, got ['tenant']"],
    [{ register, labels: 7 }, 'labels must be an object of functions, got 7'],
    [
      { register, labels: { grpc_code: () => '' } },
      'a name in labels must be of letters, digits and _, and not grpc_type',
    ],
    [{ register, labels: { 'a-b': () => '' } }, 'a name in labels must be of letters'],
    [{ register, labels: { __name__: () => '' } }, 'a name in labels must be of letters'],
    [{ register, labels: { tenant: 'acme' } }, "labels.tenant must be a function, got 'acme'"],
    [{ register, maxLabelValues: 0 }, 'maxLabelValues must be an integer of at least 1'],
    [{ register, methods: [{ a: 1 }] }, 'methods must be a list of service definitions'],
    [{ register, methods: {} }, 'methods must be a list of service definitions'],
    [{ meterProvider, methods: [{ a: { path: '/a/b' } }] }, 'methods must be given together with register'],
    [{ meterProvider, instruments: [] }, "instruments must be a non-empty list of 'semconv' and 'a66'"],
    [{ meterProvider, instruments: ['A66'] }, "instruments must be a non-empty list of 'semconv' and 'a66'"],
    [{ register, instruments: ['a66'] }, 'instruments must be given together with meterProvider'],
  ])('%o', (options, message) => {
    expect(() => metricsServerInterceptor(options as never)).toThrow(`metricsServerInterceptor: ${message}`);
    expect(() => metricsClientInterceptor(options as never)).toThrow(`metricsClientInterceptor: ${message}`);
    expect(register.getMetricsAsArray()).toEqual([]);
  });
});

test('no file imports prom-client or OpenTelemetry: who wants one of them need not have the other', () => {
  const files = readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' });
  const sources = files.filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'));
  expect(sources.length).toBeGreaterThan(15);
  for (const file of sources) {
    expect(readFileSync(`${import.meta.dirname}/${file}`, 'utf8'), file).not.toMatch(
      /from '(prom-client|@opentelemetry)/,
    );
  }
});
