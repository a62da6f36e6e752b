import { Metadata } from '@grpc/grpc-js';
import { errorServerInterceptor } from 'grpc-js-middleware';
import { allow, authServerInterceptor, definePolicy, jwtAuthenticator } from 'grpc-js-middleware/auth';
import { deadlineServerInterceptor } from 'grpc-js-middleware/deadlines';
import { addLogFields, loggingServerInterceptor } from 'grpc-js-middleware/logging';
import { rateLimitServerInterceptor } from 'grpc-js-middleware/overload';
import { idempotencyServerInterceptor } from 'grpc-js-middleware/retry';
import { EchoRequest, startTestServer, type TestServer, type TestServerOptions } from 'grpc-js-middleware/testing';
import { validationServerInterceptor } from 'grpc-js-middleware/validation';
import { Writable } from 'node:stream';
import { runInNewContext } from 'node:vm';
import { pino } from 'pino';
import { afterEach, describe, expect, test } from 'vitest';
import { until } from './support/until.js';

type Line = Record<string, unknown> & { error?: Record<string, unknown>; err?: Record<string, unknown> };

let running: TestServer;
afterEach(() => running.close());

/** Serves behind pino, calls echo once, and gives the line as it was written. */
async function lineOf(
  options: TestServerOptions,
  metadata: Record<string, string> = {},
  timeoutMs = 60_000,
): Promise<string> {
  const lines: string[] = [];
  const stream = new Writable({
    write: (chunk, _encoding, done) => (lines.push(String(chunk)), done()),
  });
  const logger = pino({ level: 'trace' }, stream);
  running = await startTestServer({
    ...options,
    interceptors: [loggingServerInterceptor({ logger }), errorServerInterceptor(), ...(options.interceptors ?? [])],
  });
  const sent = new Metadata();
  for (const [key, value] of Object.entries(metadata)) sent.set(key, value);
  await running.client.echo(EchoRequest.create(), { metadata: sent, timeoutMs }).catch(() => undefined);
  await until(() => lines.length > 0);
  return lines.at(-1)!;
}

const service = 'grpc_js_middleware.testing.v1.EchoService';
const guarded = (rule = allow.role('admin')) =>
  authServerInterceptor({
    authenticate: jwtAuthenticator({
      issuer: 'https://issuer.example',
      audience: 'shop',
      algorithms: ['HS256'],
      keys: { secret: 'correct-horse-battery-staple-ok!' },
    }),
    policy: definePolicy({ [`${service}/*`]: rule }),
  });
const known = authServerInterceptor({
  authenticate: () => ({ subject: 'u', scheme: 'test', roles: [], scopes: [], claims: {} }),
  policy: definePolicy({ [`${service}/*`]: allow.role('admin') }),
});

describe('the line of a call that this library refused has no stack, and is short', () => {
  const refusals: Record<string, [TestServerOptions, Record<string, string>?, number?]> = {
    'missing credentials': [{ interceptors: [guarded()] }],
    'a malformed token': [{ interceptors: [guarded()] }, { authorization: 'Bearer a.b.c' }],
    'an empty token': [{ interceptors: [guarded()] }, { authorization: 'Bearer ' }],
    'a rule that says no': [{ interceptors: [known] }],
    'a rule that is closed': [{ interceptors: [guarded(allow.nobody)] }],
    'no rule': [{ interceptors: [authServerInterceptor({ authenticate: () => undefined, policy: definePolicy({}) })] }],
    'a rate limit': [
      {
        interceptors: [rateLimitServerInterceptor({ limiter: { take: () => 1_000 } })],
      },
    ],
    'a violation': [
      {
        interceptors: [
          validationServerInterceptor({ rules: { [`${service}/Echo`]: () => [{ field: 'a', description: 'b' }] } }),
        ],
      },
    ],
    'a response with a violation': [
      {
        interceptors: [
          validationServerInterceptor({
            validateResponses: { [`${service}/Echo`]: () => [{ field: 'a', description: 'b' }] },
          }),
        ],
      },
    ],
    'a missing key': [{ interceptors: [idempotencyServerInterceptor({ methods: '*', requireKey: true })] }],
    'an impossible key': [
      { interceptors: [idempotencyServerInterceptor({ methods: '*' })] },
      { 'idempotency-key': 'x'.repeat(300) },
    ],
    'too little time': [{ interceptors: [deadlineServerInterceptor({ minMs: 100_000 })] }],
  };

  test.each(Object.keys(refusals))('%s', async (name) => {
    const line = await lineOf(...refusals[name]!);
    expect(line).not.toMatch(/\bat .*\.[cm]?[jt]s:\d+/);
    expect(line.length).toBeLessThan(1_000);
  });
});

test('the stack of what an application threw is on the line, also below a refusal', async () => {
  const failing = validationServerInterceptor({
    rules: {
      [`${service}/Echo`]: () => {
        throw new RangeError('a broken rule');
      },
    },
  });
  const line = JSON.parse(await lineOf({ interceptors: [failing] })) as Line;
  expect(line.error).toMatchObject({
    cause: { type: 'RangeError', stack: expect.stringContaining('    at ') as string },
  });
  expect(line.error).not.toHaveProperty('stack');
});

test('an error among the fields of the application keeps its type, under the name that pino serialises, too', async () => {
  class OutOfStock extends Error {}
  const line = await lineOf({
    handlers: {
      echo(request) {
        addLogFields({ err: new OutOfStock('none left'), failure: new OutOfStock('none left') });
        return request;
      },
    },
  });
  const { err, failure } = JSON.parse(line) as Line;
  expect(err).toMatchObject({ type: 'OutOfStock', message: 'none left', stack: expect.any(String) as string });
  expect(failure).toMatchObject({ type: 'OutOfStock', message: 'none left', stack: expect.any(String) as string });
});

const foreign: Record<string, [code: string, type: string, message: string]> = {
  'an Error': ['new Error("read ECONNRESET")', 'Error', 'read ECONNRESET'],
  'a TypeError with a cause': ['new TypeError("fetch failed", { cause: new Error("x") })', 'TypeError', 'fetch failed'],
  'an AggregateError': ['new AggregateError([new Error("a")], "all failed")', 'AggregateError', 'all failed'],
  'an error of a class': ['new (class DbError extends Error {})("gone")', 'DbError', 'gone'],
};

test.each(Object.keys(foreign))(
  '%s of another realm, as in Jest, is logged with type, message and stack',
  async (name) => {
    const [code, type, message] = foreign[name]!;
    const line = JSON.parse(
      await lineOf({
        handlers: {
          echo() {
            throw runInNewContext(code);
          },
        },
      }),
    ) as Line;
    expect(line['grpc.code']).toBe('Internal');
    expect(line.error).toMatchObject({ type, message, stack: expect.stringContaining('    at ') as string });
  },
);
