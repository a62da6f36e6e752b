import { status } from '@grpc/grpc-js';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { unavailable } from './fixtures/retry-run.js';
import { retryClientInterceptor, type GiveUpEvent } from './index.js';
import { ScriptedServer, startCall, type Answer, type Kind, type ScriptedClient } from './fixtures/scripted-server.js';

let server: ScriptedServer;
beforeAll(async () => {
  server = await ScriptedServer.start();
});
afterAll(() => server.close());
beforeEach(() => {
  server.attempts.length = 0;
  server.script = [{}];
});
afterEach(() => {
  vi.useRealTimers();
  vi.restoreAllMocks();
});

describe('throttling', () => {
  test('stops retries at half of the tokens, and successes refill it', async () => {
    const throttling = { maxTokens: 4, tokenRatio: 0.5 };
    const giveUps: GiveUpEvent[] = [];
    const retry = retryClientInterceptor({
      throttling,
      maxAttempts: 2,
      backoff: () => 0,
      onGiveUp: (event) => giveUps.push(event),
    });
    const client = await server.client({ interceptors: [retry] });
    const tries = async (...script: Answer[]): Promise<number> => {
      server.attempts.length = 0;
      server.script = script;
      await startCall(client, 'unary').outcome;
      return server.attempts.length;
    };
    // Tokens 4: a failure leaves 3, which is more than 2, so there is a retry; its failure leaves 2.
    expect(await tries(unavailable)).toBe(2);
    // 1 left: throttled.
    expect(await tries(unavailable)).toBe(1);
    expect(giveUps.map(({ reason }) => reason)).toEqual(['throttled', 'throttled']);
    // Codes that are not retryable take nothing; four successes bring 2 back: 3.
    expect(await tries({ code: status.NOT_FOUND })).toBe(1);
    for (let i = 0; i < 4; i++) await tries({});
    // 2: not more than half.
    expect(await tries(unavailable)).toBe(1);
    for (let i = 0; i < 3; i++) await tries({});
    // 3.5, then 2.5: allowed again.
    expect(await tries(unavailable, {})).toBe(2);
  });

  test('is shared by the calls of a channel, and by no other', async () => {
    const retry = retryClientInterceptor({
      throttling: { maxTokens: 3, tokenRatio: 0.1 },
      maxAttempts: 2,
      backoff: () => 0,
    });
    const options = { interceptors: [retry], 'grpc.use_local_subchannel_pool': 1 };
    const [one, other] = [await server.client(options), await server.client(options)];
    server.script = [unavailable];
    const attempts = async (client: ScriptedClient, kind: Kind): Promise<number> => {
      server.attempts.length = 0;
      await startCall(client, kind).outcome;
      return server.attempts.length;
    };
    expect(await attempts(one, 'unary')).toBe(2);
    expect(await attempts(one, 'serverStream')).toBe(1);
    expect(await attempts(other, 'unary')).toBe(2);
  });
});
