import { AsyncLocalStorage } from 'node:async_hooks';
import { InterceptingCall, Metadata, status, type Interceptor } from '@grpc/grpc-js';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { contextKey } from '../core/context-key.js';
import { isAttempt } from '../core/client/client-call.js';
import { defineClientInterceptor } from '../core/define.js';
import { StatusError } from '../core/status/status-error.js';
import { hedgingClientInterceptor, retryClientInterceptor, withRetry, type RetryObserver } from './index.js';
import { kinds, ScriptedServer, startCall, type Answer, type Kind } from './fixtures/scripted-server.js';

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

async function call(script: readonly Answer[], interceptors: Interceptor[], kind: Kind = 'unary', options = {}) {
  server.script = script;
  server.attempts.length = 0;
  const client = await server.client({ interceptors, 'grpc.enable_retries': 0 });
  return startCall(client, kind, { options }).outcome;
}

describe('interceptors around a retry', () => {
  const tenant = contextKey('tenant', 'nobody');
  const recorder = (events: string[], name: string): Interceptor =>
    defineClientInterceptor(name, () => (context) => {
      events.push(`${name} ${context.attempt}${isAttempt(context) ? ' attempt' : ' call'} ${context.get(tenant)}`);
      return {
        admit: () => context.metadata.add(name, String(context.attempt)),
        onEnd: ({ code, received }) => events.push(`${name} ${status[code]} ${received}`),
      };
    });
  const outer = defineClientInterceptor('outer', () => (context) => {
    context.set(tenant, 'acme');
    return { admit: () => context.metadata.set('outer', 'once') };
  });

  test.each(kinds)('those after it run for each attempt and inherit from those before it: %s', async (kind) => {
    const events: string[] = [];
    const interceptors = [
      outer,
      recorder(events, 'before'),
      retryClientInterceptor({ backoff: atOnce }),
      recorder(events, 'after'),
    ];
    await call([unavailable, {}], interceptors, kind);
    expect(events).toEqual([
      'before 1 call acme',
      'after 1 attempt acme',
      'after UNAVAILABLE 0',
      'after 2 attempt acme',
      'after OK 1',
      'before OK 1',
    ]);
    const sent = (key: string): unknown[] => server.attempts.map(({ metadata }) => metadata.get(key));
    expect(sent('outer')).toEqual([['once'], ['once']]);
    expect(sent('before')).toEqual([['1'], ['1']]);
    expect(sent('after')).toEqual([['1'], ['2']]);
  });

  test('one that refuses an attempt is retried like a server that does', async () => {
    const refusing = defineClientInterceptor('breaker', () => (context) => ({
      admit() {
        if (context.attempt === 1) throw new StatusError(status.UNAVAILABLE, 'open');
      },
    }));
    const { status: end } = await call([{}], [retryClientInterceptor({ backoff: atOnce }), refusing]);
    expect(end.code).toBe(status.OK);
    expect(server.attempts).toHaveLength(1);
  });

  test('a foreign one may answer in the same turn', async () => {
    let attempts = 0;
    const cache: Interceptor = (options, nextCall) =>
      new InterceptingCall(nextCall(options), {
        start: (metadata, listener, next) => {
          if (++attempts > 1) return next(metadata, listener);
          listener.onReceiveStatus({ code: status.UNAVAILABLE, details: 'at once', metadata: new Metadata() });
        },
      });
    const { status: end } = await call([{}], [retryClientInterceptor({ backoff: atOnce }), cache]);
    expect(end.code).toBe(status.OK);
    const hedging = hedgingClientInterceptor({ maxAttempts: 2, nonFatalStatusCodes: ['UNAVAILABLE'] });
    attempts = 0;
    expect((await call([{}], [hedging, cache])).status.code).toBe(status.OK);
  });

  test('knows the target, before a call is made and after', async () => {
    const targets: string[] = [];
    const asks = defineClientInterceptor('asks', () => (context) => ({
      admit: () => void targets.push(context.target),
      onEnd: () => void targets.push(context.target),
    }));
    const settled = vi.fn();
    await call([{}], [asks, retryClientInterceptor({ observer: { onCallSettled: settled } }), asks]);
    expect(settled).toHaveBeenCalledTimes(1);
    expect(new Set(targets)).toEqual(new Set([`dns:${server.target}`]));
    expect(targets).toHaveLength(4);
  });

  test('each attempt starts in the context of the caller', async () => {
    const storage = new AsyncLocalStorage<string>();
    const seen: (string | undefined)[] = [];
    const looks = defineClientInterceptor('looks', () => () => ({ admit: () => void seen.push(storage.getStore()) }));
    const elsewhere: Interceptor = (options, nextCall) =>
      new InterceptingCall(nextCall(options), {
        start: (metadata, _listener, next) =>
          next(metadata, { onReceiveStatus: (end, pass) => storage.run('elsewhere', () => pass(end)) }),
      });
    server.script = [unavailable, unavailable, {}];
    const client = await server.client({
      interceptors: [retryClientInterceptor({ backoff: atOnce }), looks, elsewhere],
    });
    await storage.run('mine', () => startCall(client, 'unary').outcome);
    expect(seen).toEqual(['mine', 'mine', 'mine']);
  });
});

describe('per call', () => {
  const retry = retryClientInterceptor({ backoff: atOnce, maxAttempts: 3 });

  test('withRetry changes the policy, and only what it names', async () => {
    const { status: end } = await call([unavailable], [retry], 'unary', withRetry({ maxAttempts: 2 }));
    expect(end.code).toBe(status.UNAVAILABLE);
    expect(server.attempts).toHaveLength(2);
  });

  test('withRetry(false) turns it off', async () => {
    await call([unavailable], [retry], 'unary', withRetry(false));
    expect(server.attempts).toHaveLength(1);
  });

  test('without an override the interceptor has its way', async () => {
    await call([unavailable], [retry]);
    expect(server.attempts).toHaveLength(3);
  });

  test('withRetry refuses what is impossible where it is written', () => {
    expect(() => withRetry({ maxAttempts: 1 })).toThrow(
      'withRetry: maxAttempts must be an integer of at least 2, got 1',
    );
  });
});

describe('functions of the application', () => {
  test('shouldRetry decides in the place of the codes', async () => {
    const questions: unknown[] = [];
    const retry = retryClientInterceptor({
      backoff: atOnce,
      shouldRetry: ({ attempt, error, retryable }) => {
        questions.push([attempt, error.code, error.details, retryable]);
        return error.code === status.ABORTED;
      },
    });
    const { status: end } = await call([{ code: status.ABORTED }, unavailable, {}], [retry]);
    expect(end.code).toBe(status.UNAVAILABLE);
    expect(questions).toEqual([
      [1, status.ABORTED, 'scripted', false],
      [2, status.UNAVAILABLE, 'scripted', true],
    ]);
  });

  test('none that throws affects a call, beyond what it was asked', async () => {
    const warnings = vi.spyOn(process, 'emitWarning').mockReturnValue();
    const broken = (): never => {
      throw new Error('broken');
    };
    const rejecting = (() => Promise.reject(new Error('broken'))) as () => void;
    const unsure = retryClientInterceptor({ shouldRetry: broken, onGiveUp: rejecting });
    expect((await call([unavailable, {}], [unsure])).status.code).toBe(status.UNAVAILABLE);
    const observer = { onCallSettled: broken };
    const listening = retryClientInterceptor({ backoff: broken, initialBackoffMs: 1, onRetry: broken, observer });
    expect((await call([unavailable, {}], [listening])).status.code).toBe(status.OK);
    const odd = retryClientInterceptor({ backoff: () => NaN, initialBackoffMs: 1 });
    expect((await call([unavailable, {}], [odd])).status.code).toBe(status.OK);
    const texts = warnings.mock.calls.map(([text]) => String(text).split(' failed')[0]);
    expect(texts).toEqual(
      ['shouldRetry', 'onGiveUp', 'backoff', 'onRetry', 'onCallSettled'].map(
        (name) => `${name} of interceptor 'retry'`,
      ),
    );
  });

  test('an observer is told of everything', async () => {
    const events: unknown[] = [];
    const observer: RetryObserver = {
      onRetry: ({ attempt, method, target }) => {
        expect([method.path, target]).toEqual(['/test.Scripted/unary', `dns:${server.target}`]);
        events.push(['retry', attempt]);
      },
      onGiveUp: ({ reason }) => events.push(['gave up', reason]),
      onCallSettled: ({ attempts, code, retryDelayMs }) =>
        events.push(['settled', attempts, status[code], retryDelayMs]),
    };
    const retry = retryClientInterceptor({ backoff: () => 2, maxAttempts: 3, observer });
    await call([unavailable, unavailable, {}], [retry]);
    await call([unavailable, { code: status.NOT_FOUND }], [retry], 'unary', withRetry({ maxAttempts: 4 }));
    expect(events).toEqual([
      ['retry', 1],
      ['retry', 2],
      ['settled', 3, 'OK', 4],
      ['retry', 1],
      ['gave up', 'notRetryable'],
      ['settled', 2, 'NOT_FOUND', 2],
    ]);
  });
});
