import { status } from '@grpc/grpc-js';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { retryClientInterceptor, type GiveUpEvent } from './index.js';
import { ScriptedServer, startCall, type Answer } from './fixtures/scripted-server.js';

let server: ScriptedServer;
beforeAll(async () => {
  server = await ScriptedServer.start();
});
afterAll(() => server.close());
beforeEach(() => {
  server.attempts.length = 0;
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

const unavailable: Answer = { code: status.UNAVAILABLE };
const atOnce = (): number => 0;

describe('mishaps', () => {
  test('a channel closed between attempts ends the call with what the server said last', async () => {
    server.script = [{ ...unavailable, details: 'closing' }, {}];
    const giveUps: GiveUpEvent[] = [];
    const retry = retryClientInterceptor({
      backoff: () => 5,
      onRetry: () => client.close(),
      onGiveUp: (event) => giveUps.push(event),
    });
    const client = await server.client({ interceptors: [retry] });
    const { status: end, ends } = await startCall(client, 'unary').outcome;
    expect(end).toMatchObject({ code: status.UNAVAILABLE, details: 'closing' });
    expect(ends).toBe(1);
    expect(giveUps).toMatchObject([{ attempts: 1, reason: 'channelClosed' }]);
  });

  test.each([
    ['back', -3_600_000],
    ['forward', 3_600_000],
  ])('a clock that steps %s an hour changes neither retries nor the deadline', async (_, step) => {
    server.script = [unavailable, unavailable, unavailable, {}];
    const giveUps: GiveUpEvent[] = [];
    let time = 0;
    const retry = retryClientInterceptor({
      maxAttempts: 5,
      backoff: () => 400,
      onRetry: () => {
        // The time of day steps while the steady clock goes on.
        vi.setSystemTime(Date.now() + step);
        setImmediate(() => vi.advanceTimersByTime(400));
        time += 400;
      },
      onGiveUp: (event) => giveUps.push(event),
    });
    const client = await server.client({ interceptors: [retry] });
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date', 'performance'] });
    const { status: end } = await startCall(client, 'unary', { options: { deadline: Date.now() + 1000 } }).outcome;
    // 400 and 800 lie before the deadline, 1200 after it.
    expect(end.code).toBe(status.UNAVAILABLE);
    expect(time).toBe(800);
    expect(giveUps).toMatchObject([{ attempts: 3, reason: 'deadline' }]);
  });

  test('warns, once, when grpc-js retries the same calls', async () => {
    const warnings = vi.spyOn(process, 'emitWarning').mockReturnValue();
    const retryPolicy = {
      maxAttempts: 2,
      initialBackoff: '0.001s',
      maxBackoff: '0.001s',
      backoffMultiplier: 1,
      retryableStatusCodes: ['UNAVAILABLE'],
    };
    const client = await server.client({
      interceptors: [retryClientInterceptor({ backoff: atOnce, maxAttempts: 2 })],
      'grpc.service_config': JSON.stringify({ methodConfig: [{ name: [{}], retryPolicy }] }),
    });
    server.script = [unavailable];
    await startCall(client, 'unary').outcome;
    await startCall(client, 'unary').outcome;
    expect(server.attempts).toHaveLength(8);
    expect(warnings.mock.calls.map(([text]) => String(text))).toEqual([expect.stringContaining('attempts multiply')]);
  });

  test('a call that is made and never started is no call', async () => {
    const settled = vi.fn();
    const interceptor = retryClientInterceptor({ observer: { onCallSettled: settled, onGiveUp: settled } });
    const method = { path: '/a.B/C', requestStream: false, responseStream: false } as never;
    const unstarted = interceptor({ method_definition: method }, () => expect.unreachable());
    unstarted.cancelWithStatus(status.CANCELLED, 'Never started');
    await new Promise((resolve) => setImmediate(resolve));
    expect(settled).not.toHaveBeenCalled();
  });

  test('leaves no call behind on the channel', async () => {
    server.script = [unavailable, { hang: true }];
    const client = await server.client({ interceptors: [retryClientInterceptor({ backoff: atOnce })] });
    const { call: running, outcome } = startCall(client, 'bidi');
    await server.seen(2);
    running.cancel();
    await outcome;
    const { internalChannel } = client.getChannel() as unknown as { internalChannel: { callCount: number } };
    expect(internalChannel.callCount).toBe(0);
  });
});
