import { status } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { z } from 'zod';
import { defineServerInterceptor } from '../core/define.js';
import { descriptionOf } from '../core/description.js';
import type { Method } from '../core/method.js';
import { StatusError, isStatusError } from '../core/status/status-error.js';
import { ValidationError } from '../core/status/status-error.js';
import { EchoRequest, startTestServer, type TestServer, type TestServerOptions } from '../testing/index.js';
import { standardSchema, validationServerInterceptor, type ValidationOptions, type ValidationRule } from './index.js';

const SERVICE = 'grpc_js_middleware.testing.v1.EchoService';
const kinds = ['unary', 'client_stream', 'server_stream', 'bidi_stream'] as const;
const request = (fields: Parameters<typeof EchoRequest.fromPartial>[0]) => EchoRequest.fromPartial(fields);

let running: TestServer | undefined;

beforeEach(() => {
  vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
});
afterEach(async () => {
  vi.restoreAllMocks();
  await running?.close();
  running = undefined;
});

async function start(options: ValidationOptions, server: TestServerOptions = {}): Promise<TestServer> {
  return (running = await startTestServer({ ...server, interceptors: [validationServerInterceptor(options)] }));
}

/** Sends these requests (the first alone, where only one is taken), and gives the answers' texts. */
async function send(kind: (typeof kinds)[number], ...requests: EchoRequest[]): Promise<string[]> {
  const { client } = running!;
  if (kind === 'unary') return [(await client.echo(requests[0]!)).text];
  if (kind === 'client_stream') return [(await client.clientEcho(requests)).text];
  const texts: string[] = [];
  for await (const { text } of kind === 'server_stream' ? client.serverEcho(requests[0]!) : client.bidiEcho(requests)) {
    texts.push(text);
  }
  return texts;
}

/** A codec that puts types' names on its messages. */
const naming = (onRequest?: (message: unknown) => unknown, onResponse?: (message: unknown) => unknown) =>
  defineServerInterceptor('naming', () => () => ({
    ...(onRequest && { onRequest }),
    ...(onResponse && { onResponse }),
  }));

const failureOf = async (answer: Promise<unknown>): Promise<StatusError> => {
  const failure: unknown = await answer.then(
    () => undefined,
    (error: unknown) => error,
  );
  if (isStatusError(failure)) return failure;
  throw new Error(`Expected a StatusError, got ${String(failure)}`);
};

const schema = standardSchema(
  z.object({ text: z.string().min(3, 'must have 3 letters'), count: z.int().max(5, 'must be at most 5') }),
);
const violations = [
  { field: 'text', description: 'must have 3 letters' },
  { field: 'count', description: 'must be at most 5' },
];

describe.each(kinds)('%s', (kind) => {
  test('all violations go back at once, and the handler sees nothing', async () => {
    const { events } = await start({ rules: { [`${SERVICE}/*`]: schema } });
    const failure = await failureOf(send(kind, request({ text: 'ab', count: 6 })));
    expect(failure).toBeInstanceOf(ValidationError);
    expect((failure as ValidationError).violations).toEqual(violations);
    expect(failure).toMatchObject({ code: status.INVALID_ARGUMENT });
    expect(await events.until({ side: 'server', hook: 'onEnd' })).toMatchObject({
      code: 'INVALID_ARGUMENT',
      origin: 'interceptor',
      sent: 0,
    });
  });

  test('a right message passes as it is', async () => {
    await start({ rules: { [`${SERVICE}/*`]: schema } });
    expect(await send(kind, request({ text: 'hello' }))).toEqual(['hello']);
  });

  test('an async rule is waited for', async () => {
    const taken: ValidationRule<EchoRequest> = async ({ text }) => {
      await Promise.resolve();
      return text === 'taken' ? [{ field: 'text', description: 'is taken', reason: 'TAKEN' }] : [];
    };
    await start({ rules: { [`${SERVICE}/*`]: taken } });
    expect(await send(kind, request({ text: 'free' }))).toEqual(['free']);
    expect(await failureOf(send(kind, request({ text: 'taken' })))).toMatchObject({
      violations: [{ field: 'text', description: 'is taken', reason: 'TAKEN' }],
    });
  });

  test('a rule that throws accepts nothing and leaks nothing, but the operator sees why', async () => {
    const secret = new Error('connect ECONNREFUSED db.internal:5432');
    const throwing = (): never => {
      throw secret;
    };
    for (const rule of [throwing, () => Promise.reject(secret)]) {
      const { events, close } = await start({ rules: { [`${SERVICE}/*`]: rule } });
      const failure = await failureOf(send(kind, request({ text: 'hello' })));
      expect(failure).toMatchObject({ code: status.INTERNAL, details: 'Internal error' });
      const end = await events.until({ side: 'server', hook: 'onEnd' });
      expect(end).toMatchObject({ code: 'INTERNAL', sent: 0 });
      expect((end.error as Error).cause).toBe(secret);
      await close();
    }
  });

  test('a rule that answers nonsense accepts nothing', async () => {
    await start({ rules: { [`${SERVICE}/*`]: (() => undefined) as unknown as ValidationRule } });
    expect(await failureOf(send(kind, request({ text: 'hello' })))).toMatchObject({
      code: status.INTERNAL,
      details: 'Internal error',
    });
  });

  test('a wrong response is the server’s error, told to nobody else', async () => {
    const noSecrets: ValidationRule<{ text: string }> = ({ text }) =>
      text === 'hunter2' ? [{ field: 'text', description: 'must not be hunter2' }] : [];
    const { events } = await start({ validateResponses: { [`${SERVICE}/*`]: noSecrets } });
    const failure = await failureOf(send(kind, request({ text: 'hunter2' })));
    expect(failure).toMatchObject({ code: status.INTERNAL, details: 'Response failed validation', errorDetails: [] });
    const end = await events.until({ side: 'server', hook: 'onEnd' });
    expect((end.error as Error).cause).toMatchObject({ violations: [{ description: 'must not be hunter2' }] });
    expect(await send(kind, request({ text: 'hello' }))).toEqual(['hello']);
  });
});

describe('in a stream', () => {
  test('the first bad message ends the call, those before it were answered', async () => {
    const { client } = await start({ rules: { [`${SERVICE}/BidiEcho`]: schema } });
    const answers = client.bidiEcho([request({ text: 'good' }), request({ text: 'ab' }), request({ text: 'good' })]);
    expect((await answers.next()).value).toMatchObject({ text: 'good' });
    await expect(answers.next()).rejects.toMatchObject({ violations: [violations[0]] });
  });

  test('a bad message in an upload is no finished upload', async () => {
    const finished = vi.fn();
    await start(
      { rules: { [`${SERVICE}/ClientEcho`]: schema } },
      {
        handlers: {
          async clientEcho(requests) {
            for await (const _ of requests);
            finished();
            return { text: '', count: 0, payload: Buffer.alloc(0) };
          },
        },
      },
    );
    const upload = send('client_stream', request({ text: 'good' }), request({ text: 'ab' }));
    expect(await failureOf(upload)).toMatchObject({ code: status.INVALID_ARGUMENT });
    expect(finished).not.toHaveBeenCalled();
  });

  test('messages keep their order around an async rule', async () => {
    const slowFirst: ValidationRule<EchoRequest> = ({ text }) =>
      text === 'one' ? new Promise((resolve) => setImmediate(resolve, [])) : [];
    await start({ rules: { [`${SERVICE}/*`]: slowFirst } });
    const requests = ['one', 'two', 'three'].map((text) => request({ text }));
    expect(await send('bidi_stream', ...requests)).toEqual(['one', 'two', 'three']);
  });
});

describe('rules', () => {
  const bad = (field: string): ValidationRule => {
    return () => [{ field, description: 'is wrong' }];
  };

  test('of the service and of the method both apply; those of others do not', async () => {
    await start({
      rules: {
        [`${SERVICE}/*`]: bad('a'),
        [`/${SERVICE}/Echo`]: bad('b'),
        [`${SERVICE}/BidiEcho`]: bad('c'),
        'other.Service/*': bad('d'),
      },
    });
    const fields = async (kind: (typeof kinds)[number]) =>
      ((await failureOf(send(kind, request({})))) as ValidationError).violations.map(({ field }) => field);
    expect(await fields('unary')).toEqual(['a', 'b']);
    expect(await fields('server_stream')).toEqual(['a']);
    expect(await fields('bidi_stream')).toEqual(['a', 'c']);
  });

  test('a method without rules is left alone', async () => {
    await start({ rules: {} });
    expect(await send('unary', request({ text: 'x' }))).toEqual(['x']);
  });

  test('a thousand violations are cut to what trailers carry', async () => {
    const many = Array.from({ length: 1_000 }, (_, i) => ({ field: `items[${i}].id`, description: 'is wrong' }));
    await start({ rules: { '*': () => many } });
    const failure = (await failureOf(send('unary', request({})))) as ValidationError;
    expect(failure.code).toBe(status.INVALID_ARGUMENT);
    expect(failure.violations.length).toBeGreaterThan(10);
    expect(failure.violations[0]).toMatchObject({ field: 'items[0].id' });
  });

  test('a StatusError that a rule throws is sent as it is', async () => {
    const rule = (): never => {
      throw new StatusError(status.UNAVAILABLE, 'Try later');
    };
    await start({ rules: { '*': rule } });
    expect(await failureOf(send('unary', request({})))).toMatchObject({
      code: status.UNAVAILABLE,
      details: 'Try later',
    });
  });
});

describe('messageRules', () => {
  const rule: ValidationRule<EchoRequest> = ({ text }) =>
    text === 'bad' ? [{ field: 'text', description: 'is bad' }] : [];

  test.each([
    ['protobuf-es', { $typeName: 'shop.EchoRequest' }],
    ['ts-proto', { $type: 'shop.EchoRequest' }],
    ['protobufjs', { $type: { fullName: '.shop.EchoRequest' } }],
  ])('apply to messages of %s, by their type', async (_, typed) => {
    const name = (message: unknown) => Object.assign(message as object, typed);
    const options: ValidationOptions = {
      messageRules: { 'shop.EchoRequest': rule, 'shop.Other': () => [{ field: 'x', description: 'never' }] },
    };
    running = await startTestServer({
      interceptors: [naming(name), validationServerInterceptor(options)],
    });
    expect(await send('unary', request({ text: 'good' }))).toEqual(['good']);
    expect(await failureOf(send('unary', request({ text: 'bad' })))).toMatchObject({
      violations: [{ field: 'text', description: 'is bad' }],
    });
  });

  test('apply to responses on request', async () => {
    running = await startTestServer({
      interceptors: [
        validationServerInterceptor({ messageRules: { 'shop.EchoResponse': rule }, validateResponses: true }),
        naming(undefined, (message) => Object.assign(message as object, { $type: 'shop.EchoResponse' })),
      ],
    });
    expect(await send('unary', request({ text: 'good' }))).toEqual(['good']);
    expect(await failureOf(send('unary', request({ text: 'bad' })))).toMatchObject({
      code: status.INTERNAL,
      details: 'Response failed validation',
    });
  });

  test('that cannot be applied are told once per method', async () => {
    const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
    await start({ messageRules: { 'shop.EchoRequest': rule } });
    await send('unary', request({}));
    await send('unary', request({}));
    await send('server_stream', request({}));
    expect(warn.mock.calls.map(([text]) => String(text))).toEqual([
      expect.stringContaining(`messageRules cannot be applied to ${SERVICE}/Echo:`),
      expect.stringContaining(`messageRules cannot be applied to ${SERVICE}/ServerEcho:`),
    ]);
  });
});

test.each<[unknown, string]>([
  [undefined, 'validationServerInterceptor: options must be an object, got undefined'],
  [{ rules: [] }, 'validationServerInterceptor: rules must be an object of rules, got []'],
  [{ rules: { 'a.B/C': {} } }, "validationServerInterceptor: rules['a.B/C'] must be a function of the message, got {}"],
  [
    { rules: { 'a.B': () => [] } },
    "validationServerInterceptor: rules must be 'pkg.Service/Name', 'pkg.Service/*' or '*', got 'a.B'",
  ],
  [{ messageRules: 7 }, 'validationServerInterceptor: messageRules must be an object of rules, got 7'],
  [
    { validateResponses: 'yes' },
    "validationServerInterceptor: validateResponses must be an object of rules, got 'yes'",
  ],
])('wrong options are refused: %j', (options, message) => {
  expect(() => validationServerInterceptor(options as ValidationOptions)).toThrow(new TypeError(message));
});

test('explains itself, by method', () => {
  const rule: ValidationRule = () => [];
  const { explain, applies } = descriptionOf(
    validationServerInterceptor({ rules: { 'a.B/*': rule }, validateResponses: { 'a.B/C': rule, 'a.E/F': rule } }),
  )!;
  const method = (service: string, name: string): Method => ({
    path: `/${service}/${name}`,
    service,
    name,
    kind: 'unary',
  });
  expect(explain?.(method('a.B', 'C'))).toBe('requests and responses');
  expect(explain?.(method('a.B', 'D'))).toBe('requests');
  expect(explain?.(method('a.E', 'F'))).toBe('responses');
  expect(applies?.(method('a.E', 'G'))).toBe(false);
});
