import { AsyncLocalStorage } from 'node:async_hooks';
import { status, InterceptingCall, type Interceptor } from '@grpc/grpc-js';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { defineClientInterceptor } from '../core/define.js';
import { hedgingClientInterceptor, retryClientInterceptor, type GiveUpEvent, type RetryOptions } from './index.js';
import { kinds, ScriptedServer, startCall, type Answer, type ScriptedClient } from './fixtures/scripted-server.js';

let server: ScriptedServer;
beforeAll(async () => {
  server = await ScriptedServer.start();
});
afterAll(() => server.close());
beforeEach(() => {
  server.attempts.length = 0;
});

const unavailable: Answer = { code: status.UNAVAILABLE, details: 'said last' };
const ours = defineClientInterceptor('ours', () => () => ({}));
const openCalls = (client: ScriptedClient): number =>
  (client.getChannel() as unknown as { internalChannel: { callCount: number } }).internalChannel.callCount;

describe.each(kinds)('a %s call whose client is closed while it waits for the next attempt', (kind) => {
  test.each<[string, RetryOptions]>([
    ['throttling', { throttling: { maxTokens: 10, tokenRatio: 0.1 } }],
    ['onGiveUp', { onGiveUp: () => undefined }],
    ['an observer', { observer: { onCallSettled: () => undefined } }],
  ])('ends with what the server said last, with %s', async (_, options) => {
    for (const inner of [[], [ours]]) {
      server.attempts.length = 0;
      server.script = [unavailable];
      const giveUps: GiveUpEvent[] = [];
      const retry = retryClientInterceptor({
        backoff: () => 1,
        onRetry: () => client.close(),
        ...options,
        onGiveUp: (event) => giveUps.push(event),
      });
      const client = await server.client({ interceptors: [retry, ...inner] });
      const { status: end, ends } = await startCall(client, kind).outcome;
      expect(end).toMatchObject({ code: status.UNAVAILABLE, details: 'said last' });
      expect({ ends: ends || 1, open: openCalls(client), seen: server.attempts.length }).toEqual({
        ends: 1,
        open: 0,
        seen: 1,
      });
      expect(giveUps).toMatchObject([{ attempts: 1, reason: 'channelClosed' }]);
    }
  });

  test('goes on with the hedge that runs', async () => {
    for (const inner of [[], [ours]]) {
      server.attempts.length = 0;
      server.script = [{ hang: true }];
      const hedging = hedgingClientInterceptor({ maxAttempts: 3, hedgingDelayMs: 20 });
      const client = await server.client({ interceptors: [hedging, ...inner] });
      const { outcome } = startCall(client, kind);
      await server.seen(1);
      client.close();
      await new Promise((resolve) => setTimeout(resolve, 40));
      server.release(0);
      expect((await outcome).status.code).toBe(status.OK);
      expect(openCalls(client)).toBe(0);
    }
  });
});

test.each([
  ['retry', retryClientInterceptor({ backoff: () => 1 })],
  ['hedging', hedgingClientInterceptor({ maxAttempts: 3, hedgingDelayMs: 60_000 })],
])(
  'a channel closed before the call, and a layer that throws, are reported as such by %s, and not tried again',
  async (_, again) => {
    let made = 0;
    const broken: Interceptor = () => {
      made++;
      throw new Error('a bug');
    };
    const slow = defineClientInterceptor('slow', () => () => ({ admit: () => new Promise(setImmediate) }));
    for (const list of [[again], [slow, again], [again, ours], [slow, again, ours]]) {
      const client = await server.client({ interceptors: list });
      client.close();
      expect((await startCall(client, 'unary').outcome).status).toMatchObject({
        code: status.UNAVAILABLE,
        details: 'The channel is closed',
      });
      made = 0;
      const failing = await server.client({ interceptors: [...list, broken] });
      expect((await startCall(failing, 'unary').outcome).status).toMatchObject({
        code: status.INTERNAL,
        cause: { message: 'a bug' },
      });
      expect(made).toBe(1);
    }
  },
);

test('a layer that throws when it takes a message of a further attempt ends the call with its bug', async () => {
  server.script = [unavailable, {}];
  let attempts = 0;
  const broken: Interceptor = (options, nextCall) => {
    const number = ++attempts;
    return new InterceptingCall(nextCall(options), {
      sendMessage: (message, next) => {
        if (number === 2) throw new Error('a bug');
        next(message);
      },
    });
  };
  const client = await server.client({ interceptors: [retryClientInterceptor({ backoff: () => 1 }), broken] });
  expect((await startCall(client, 'unary').outcome).status).toMatchObject({ code: status.INTERNAL });
  expect(openCalls(client)).toBe(0);
});

test.each([
  ['retry', () => retryClientInterceptor({ backoff: () => 1 })],
  ['hedging', () => hedgingClientInterceptor({ maxAttempts: 2, hedgingDelayMs: 1000 })],
])('with %s outermost, all events arrive in the context in which the call was made', async (_, make) => {
  const storage = new AsyncLocalStorage<number>();
  const client = await server.client({ interceptors: [make(), ours] });
  const wrong: string[] = [];
  for (const number of [1, 2]) {
    for (const kind of kinds) {
      server.attempts.length = 0;
      server.script = [{ headers: { a: 'b' } }];
      await storage.run(number, () => {
        const { call, outcome } = startCall(client, kind);
        for (const event of ['metadata', 'data', 'end', 'status', 'finish']) {
          call.on(event, () => void (storage.getStore() === number || wrong.push(`${kind} ${event}`)));
        }
        return outcome;
      });
    }
  }
  expect(wrong).toEqual([]);
});
