import { Metadata, status, type ServerInterceptor } from '@grpc/grpc-js';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { defineServerInterceptor } from '../../core/define.js';
import { errorDetail, findDetail } from '../../core/details.js';
import { identityKey } from '../../core/identity.js';
import { StatusError } from '../../core/status-error.js';
import {
  hedgingClientInterceptor,
  idempotencyClientInterceptor,
  idempotencyServerInterceptor,
  memoryIdempotencyStore,
  retryClientInterceptor,
  type IdempotencyEvent,
  type IdempotencyServerOptions,
  type IdempotencyStore,
} from '../index.js';
import {
  kinds,
  ScriptedServer,
  startCall,
  type Answer,
  type Outcome,
  type ScriptedClient,
} from '../scripted-server.js';

const servers: ScriptedServer[] = [];
afterEach(() => {
  vi.restoreAllMocks();
  for (const server of servers.splice(0)) server.close();
});

interface Fixture {
  readonly server: ScriptedServer;
  readonly client: ScriptedClient;
  readonly decisions: IdempotencyEvent[];
  /** A unary call with this key. */
  send(key: string | undefined, request?: unknown, metadata?: Metadata): Promise<Outcome>;
  start(key: string, request?: unknown): ReturnType<typeof startCall>;
}

/** A server whose handler runs are counted, and a client that sends keys. */
async function fixture(
  script: readonly Answer[],
  options: Partial<IdempotencyServerOptions> = {},
  before: readonly ServerInterceptor[] = [],
  after: readonly ServerInterceptor[] = [],
): Promise<Fixture> {
  const decisions: IdempotencyEvent[] = [];
  const idempotency = idempotencyServerInterceptor({
    methods: '*',
    onDecision: (event) => decisions.push(event),
    ...options,
  });
  const server = await ScriptedServer.start({ interceptors: [...before, idempotency, ...after] });
  servers.push(server);
  server.script = script;
  const client = await server.client();
  const start: Fixture['start'] = (key, request = 'hello') =>
    startCall(client, 'unary', { requests: [request], metadata: withKey(key) });
  const send: Fixture['send'] = (key, request = 'hello', metadata = withKey(key)) =>
    startCall(client, 'unary', { requests: [request], metadata }).outcome;
  return { server, client, decisions, send, start };
}

function withKey(...keys: (string | undefined)[]): Metadata {
  const metadata = new Metadata();
  for (const key of keys) if (key !== undefined) metadata.add('idempotency-key', key);
  return metadata;
}

const hang: Answer = { hang: true };
const turns = async (count = 10): Promise<void> => {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve));
};

describe('a key', () => {
  it('runs its request once; later duplicates are answered with the outcome', async () => {
    const { server, send, decisions } = await fixture([
      { messages: [{ id: 7 }], trailers: { note: 'paid', 'x-bin': Buffer.from([1, 2]) } },
    ]);
    const first = await send('a');
    const second = await send('a');
    expect(server.attempts).toHaveLength(1);
    expect([first.messages, second.messages]).toEqual([[{ id: 7 }], [{ id: 7 }]]);
    expect(first.status.metadata.get('idempotency-replayed')).toEqual([]);
    expect(second.status.metadata.get('idempotency-replayed')).toEqual(['true']);
    expect(second.status.metadata.get('note')).toEqual(['paid']);
    expect(second.status.metadata.get('x-bin')).toEqual([Buffer.from([1, 2])]);
    expect(decisions.map(({ decision }) => decision)).toEqual(['run', 'replayed']);
  });

  it('lets duplicates wait while it runs', async () => {
    const { server, send, decisions } = await fixture([hang]);
    const calls = [send('a'), send('a'), send('a')];
    await server.seen(1);
    await turns();
    expect(server.attempts).toHaveLength(1);
    server.release(0);
    expect((await Promise.all(calls)).map(({ messages }) => messages)).toEqual([
      [{ attempt: 1 }],
      [{ attempt: 1 }],
      [{ attempt: 1 }],
    ]);
    expect(decisions.map(({ decision }) => decision)).toEqual(['run', 'coalesced', 'coalesced']);
  });

  it('is refused for another request, running or done', async () => {
    const { server, send } = await fixture([hang]);
    const first = send('a', { amount: 1, currency: 'EUR' });
    await server.seen(1);
    const reused = await send('a', { amount: 2, currency: 'EUR' });
    expect(reused.status).toMatchObject({
      code: status.FAILED_PRECONDITION,
      details: 'This idempotency-key was used for another request',
    });
    expect(findDetail(StatusError.from(reused.status), 'errorInfo')?.reason).toBe('IDEMPOTENCY_KEY_REUSED');
    server.release(0);
    await first;
    await turns();
    expect((await send('a', 'other')).status.code).toBe(status.FAILED_PRECONDITION);
    // The same request, its fields in another order.
    expect((await send('a', { currency: 'EUR', amount: 1 })).status.code).toBe(status.OK);
    expect(server.attempts).toHaveLength(1);
  });

  it('of another caller, or another key, is another', async () => {
    const identify = defineServerInterceptor('identify', () => (call) => {
      const subject = String(call.metadata.get('user')[0]);
      call.set(identityKey, { subject, scheme: 'test', roles: [], scopes: [], claims: {} });
    });
    const { server, send } = await fixture([{}], {}, [identify]);
    const of = (user: string, key: string): Metadata => {
      const metadata = withKey(key);
      metadata.set('user', user);
      return metadata;
    };
    for (const metadata of [of('ann', 'a'), of('bob', 'a'), of('ann', 'b'), of('ann', 'a')])
      await send('', 'hello', metadata);
    expect(server.attempts).toHaveLength(3);
    // Not even another request of another caller is told anything.
    expect((await send('', 'other', of('eve', 'a'))).status.code).toBe(status.OK);
  });

  it('is no matter for methods and calls without', async () => {
    const { server, send, decisions } = await fixture([{}], { methods: 'test.Scripted/clientStream' });
    vi.spyOn(process, 'emitWarning').mockReturnValue();
    await send('a');
    await send('a');
    await send(undefined);
    expect(server.attempts).toHaveLength(3);
    expect(decisions).toEqual([]);
  });

  it('has no effect on streams, and the operator is told', async () => {
    const warnings = vi.spyOn(process, 'emitWarning').mockReturnValue();
    const { server, client } = await fixture([{}]);
    for (const kind of kinds.slice(1)) {
      for (let i = 0; i < 2; i++) await startCall(client, kind, { metadata: withKey('a') }).outcome;
    }
    expect(server.attempts).toHaveLength(6);
    expect(warnings.mock.calls.map(([text]) => /\/test.Scripted\/\w+ streams/.exec(String(text))?.[0])).toEqual([
      '/test.Scripted/clientStream streams',
      '/test.Scripted/serverStream streams',
      '/test.Scripted/bidi streams',
    ]);
  });

  it.each([
    ['two values', withKey('a', 'b')],
    ['an endless one', withKey('x'.repeat(256))],
    ['an empty one', withKey('')],
  ])('that is %s is refused', async (_, metadata) => {
    const { server, send } = await fixture([{}]);
    expect((await send('', 'hello', metadata)).status.code).toBe(status.INVALID_ARGUMENT);
    expect(server.attempts).toHaveLength(0);
  });

  it('can be required', async () => {
    const { server, send } = await fixture([{}], { requireKey: true });
    expect((await send(undefined)).status).toMatchObject({
      code: status.INVALID_ARGUMENT,
      details: 'idempotency-key is required',
    });
    expect((await send('a')).status.code).toBe(status.OK);
    expect(server.attempts).toHaveLength(1);
  });
});

describe('failures', () => {
  it('for good are replayed, details and all', async () => {
    const failure = new StatusError(status.FAILED_PRECONDITION, 'sold out', {
      errorDetails: [errorDetail.errorInfo({ reason: 'SOLD_OUT', domain: 'shop', metadata: {} })],
    });
    const trailers = { 'grpc-status-details-bin': failure.metadata.get('grpc-status-details-bin')[0] as Buffer };
    const { server, send } = await fixture([{ code: failure.code, details: 'sold out', trailers }, {}]);
    await send('a');
    const again = await send('a');
    expect(again.status).toMatchObject({ code: status.FAILED_PRECONDITION, details: 'sold out' });
    expect(findDetail(StatusError.from(again.status), 'errorInfo')?.reason).toBe('SOLD_OUT');
    expect(server.attempts).toHaveLength(1);
  });

  it.each([status.UNAVAILABLE, status.INTERNAL, status.ABORTED, status.UNKNOWN])(
    'of code %i free the key',
    async (code) => {
      const { server, send } = await fixture([{ code }, {}]);
      expect((await send('a')).status.code).toBe(code);
      expect((await send('a')).status.code).toBe(status.OK);
      expect(server.attempts).toHaveLength(2);
    },
  );

  it('that free the key let one of those who wait run', async () => {
    const { server, send } = await fixture([hang, {}]);
    const calls = [send('a'), send('a'), send('a')];
    await server.seen(1);
    await turns();
    server.release(0, { code: status.UNAVAILABLE });
    const codes = (await Promise.all(calls)).map(({ status: { code } }) => code);
    expect(codes.toSorted()).toEqual([status.OK, status.OK, status.UNAVAILABLE]);
    expect(server.attempts).toHaveLength(2);
  });

  it("of an inner interceptor count like the handler's", async () => {
    let refusals = 0;
    const refusing = defineServerInterceptor('refusing', () => () => ({
      onRequest() {
        refusals++;
        throw new StatusError(refusals === 1 ? status.RESOURCE_EXHAUSTED : status.INVALID_ARGUMENT, 'no');
      },
    }));
    const { server, send } = await fixture([{}], {}, [], [refusing]);
    for (const code of [status.RESOURCE_EXHAUSTED, status.INVALID_ARGUMENT, status.INVALID_ARGUMENT]) {
      expect((await send('a')).status.code).toBe(code);
    }
    expect(refusals).toBe(2);
    expect(server.attempts).toHaveLength(0);
  });
});

describe('a client that leaves', () => {
  it('and comes again is told what the handler did meanwhile', async () => {
    const { server, send, start } = await fixture([hang]);
    const { call, outcome } = start('a');
    await server.seen(1);
    call.cancel();
    expect((await outcome).status.code).toBe(status.CANCELLED);
    await server.until(() => server.attempts[0]!.cancelled);
    const again = send('a');
    await turns();
    server.release(0);
    expect((await again).messages).toEqual([{ attempt: 1 }]);
    expect((await send('a')).messages).toEqual([{ attempt: 1 }]);
    expect(server.attempts).toHaveLength(1);
  });

  it('and comes again runs anew when the handler gave up', async () => {
    const { server, send, start } = await fixture([hang, {}]);
    const { call } = start('a');
    await server.seen(1);
    call.cancel();
    await server.until(() => server.attempts[0]!.cancelled);
    server.release(0, { code: status.CANCELLED });
    await turns();
    expect((await send('a')).messages).toEqual([{ attempt: 2 }]);
  });

  it('before the handler ran leaves the key free', async () => {
    let open = (): void => undefined;
    const gate = defineServerInterceptor('gate', () => () => ({
      onRequest: () => new Promise<void>((resolve) => (open = resolve)),
    }));
    const { server, send, start, decisions } = await fixture([{}], {}, [], [gate]);
    const first = start('a');
    await until(() => decisions.length === 1);
    const second = send('a');
    first.call.cancel();
    await first.outcome;
    // The second one runs now: its own gate is there.
    await until(() => decisions.length === 2);
    await turns();
    open();
    expect((await second).status.code).toBe(status.OK);
    expect(decisions.map(({ decision }) => decision)).toEqual(['run', 'run']);
    expect(server.attempts).toHaveLength(1);
  });

  it('while it waits for another frees nothing and starts nothing', async () => {
    const { server, send, start } = await fixture([hang, {}]);
    const first = send('a');
    await server.seen(1);
    const second = start('a');
    await turns();
    second.call.cancel();
    await second.outcome;
    await turns();
    server.release(0, { code: status.UNAVAILABLE });
    await first;
    await turns();
    expect(server.attempts).toHaveLength(1);
  });

  it('and a handler that never answers keep the key for the lease, and no longer', async () => {
    const { server, send, start } = await fixture([hang, {}], { leaseMs: 30, waitMs: 5_000 });
    const { call } = start('a');
    await server.seen(1);
    call.cancel();
    expect((await send('a')).messages).toEqual([{ attempt: 2 }]);
  });

  it('by a time limit per attempt is charged once', async () => {
    const { server } = await fixture([hang, {}]);
    const retry = retryClientInterceptor({
      perAttemptTimeoutMs: 40,
      backoff: () => 1,
      onRetry: () => setTimeout(() => server.release(0), 20),
    });
    const client = await server.client({ interceptors: [idempotencyClientInterceptor(), retry] });
    const { status: end, messages } = await startCall(client, 'unary').outcome;
    expect(end.code).toBe(status.OK);
    expect(messages).toEqual([{ attempt: 1 }]);
    expect(server.attempts).toHaveLength(1);
  });
});

describe('several processes', () => {
  const two = async (
    script: readonly Answer[],
    options: Partial<IdempotencyServerOptions> = {},
  ): Promise<[Fixture, Fixture]> => {
    const store = options.store ?? memoryIdempotencyStore();
    return [
      await fixture(script, { ...options, store }),
      await fixture([{ messages: ['the other'] }], { ...options, store }),
    ];
  };

  it('share outcomes through their store', async () => {
    const [one, other] = await two([hang]);
    const first = one.send('a');
    await one.server.seen(1);
    const second = other.send('a');
    await turns();
    one.server.release(0);
    await first;
    expect((await second).messages).toEqual([{ attempt: 1 }]);
    expect((await other.send('a', 'another request')).status.code).toBe(status.FAILED_PRECONDITION);
    expect(other.server.attempts).toHaveLength(0);
    expect(other.decisions.map(({ decision }) => decision)).toEqual(['replayed', 'keyReused']);
  });

  it('tell a client to come back when the other takes its time', async () => {
    const [one, other] = await two([hang], { waitMs: 30 });
    void one.send('a');
    await one.server.seen(1);
    const { status: end } = await other.send('a');
    expect(end).toMatchObject({ code: status.UNAVAILABLE, details: 'The same request is still running' });
    expect(end.metadata.get('grpc-retry-pushback-ms')).toEqual(['1000']);
    expect(findDetail(StatusError.from(end), 'retryInfo')).toMatchObject({ retryDelayMs: 1000 });
    expect(other.decisions.map(({ decision }) => decision)).toEqual(['runningElsewhere']);
  });

  it('take over after the lease of one that died, whose late outcome no longer counts', async () => {
    const [one, other] = await two([hang], { leaseMs: 30, waitMs: 5_000 });
    const first = one.send('a');
    await one.server.seen(1);
    expect((await other.send('a')).messages).toEqual(['the other']);
    one.server.release(0);
    await first;
    await turns();
    expect((await other.send('a')).messages).toEqual(['the other']);
  });
});

describe('a store that fails', () => {
  const broken = (more: Partial<IdempotencyStore>): IdempotencyStore => {
    const sound = memoryIdempotencyStore();
    return {
      claim: (...args) => sound.claim(...args),
      finish: (...args) => sound.finish(...args),
      release: (...args) => sound.release(...args),
      ...more,
    };
  };
  const fails = (): Promise<never> => Promise.reject(new Error('no connection to db.internal'));

  it('lets nothing run, and says when to come back', async () => {
    const { server, send, decisions } = await fixture([{}], { store: broken({ claim: fails }) });
    const { status: end } = await send('a');
    expect(end).toMatchObject({ code: status.UNAVAILABLE, details: 'The record of finished requests cannot be read' });
    expect(end.metadata.get('grpc-retry-pushback-ms')).toEqual(['1000']);
    expect(server.attempts).toHaveLength(0);
    expect(decisions).toMatchObject([{ decision: 'storeFailed', error: { message: 'no connection to db.internal' } }]);
  });

  it('may be run without, where that was asked for', async () => {
    const { server, send } = await fixture([{}], { store: broken({ claim: fails }), onStoreFailure: 'run' });
    expect((await send('a')).status.code).toBe(status.OK);
    expect(server.attempts).toHaveLength(1);
  });

  it('or throws is the same', async () => {
    const claim = (): never => {
      throw new Error('broken');
    };
    const { send } = await fixture([{}], { store: broken({ claim }) });
    expect((await send('a')).status.code).toBe(status.UNAVAILABLE);
  });

  it('or stalls is waited for only so long, and a claim that comes late is given back', async () => {
    const sound = memoryIdempotencyStore();
    let stalled: (() => void) | undefined;
    const store = broken({
      claim: async (...args) => {
        if (stalled === undefined) await new Promise<void>((resolve) => (stalled = resolve));
        return sound.claim(...args);
      },
      finish: (...args) => sound.finish(...args),
      release: (...args) => sound.release(...args),
    });
    const { server, send } = await fixture([{}], { store, storeTimeoutMs: 20 });
    expect((await send('a')).status.code).toBe(status.UNAVAILABLE);
    stalled!();
    await turns();
    expect((await send('a')).status.code).toBe(status.OK);
    expect(server.attempts).toHaveLength(1);
  });

  it('to take an outcome is tried again; the client has its answer meanwhile', async () => {
    const sound = memoryIdempotencyStore();
    let failures = 0;
    const store = broken({
      claim: (...args) => sound.claim(...args),
      finish: (...args) => (failures++ === 0 ? fails() : sound.finish(...args)),
    });
    const { server, send } = await fixture([{}], { store });
    expect((await send('a')).status.code).toBe(status.OK);
    expect((await send('a')).status.code).toBe(status.OK);
    await until(() => failures === 2);
    await turns();
    expect((await send('a')).messages).toEqual([{ attempt: 1 }]);
    expect(server.attempts).toHaveLength(1);
  });
});

describe('the client side', () => {
  const unavailable: Answer = { code: status.UNAVAILABLE };
  const keysOf = (server: ScriptedServer): unknown[] =>
    server.attempts.map(({ metadata }) => metadata.get('idempotency-key')[0]);

  async function scripted(script: readonly Answer[]): Promise<ScriptedServer> {
    const server = await ScriptedServer.start();
    servers.push(server);
    server.script = script;
    return server;
  }

  it.each(kinds)('one key for all attempts of a call, another for the next call: %s', async (kind) => {
    const server = await scripted([unavailable, unavailable, {}]);
    const interceptors = [idempotencyClientInterceptor(), retryClientInterceptor({ backoff: () => 0 })];
    const client = await server.client({ interceptors });
    await startCall(client, kind).outcome;
    await startCall(client, kind).outcome;
    const keys = keysOf(server);
    expect(keys[0]).toMatch(/^[0-9a-f-]{36}$/);
    expect(keys.slice(0, 3)).toEqual([keys[0], keys[0], keys[0]]);
    expect(keys[3]).not.toBe(keys[0]);
  });

  it('and for all hedges', async () => {
    const server = await scripted([hang, hang, {}]);
    const hedging = hedgingClientInterceptor({ maxAttempts: 3 });
    const client = await server.client({ interceptors: [idempotencyClientInterceptor(), hedging] });
    await startCall(client, 'unary').outcome;
    expect(new Set(keysOf(server)).size).toBe(1);
  });

  it("the caller's own key stays, as does the caller's metadata", async () => {
    const server = await scripted([{}]);
    const newKey = vi.fn(() => 'made');
    const client = await server.client({ interceptors: [idempotencyClientInterceptor({ newKey })] });
    const [own, none] = [withKey('mine'), withKey()];
    await startCall(client, 'unary', { metadata: own }).outcome;
    await startCall(client, 'unary', { metadata: none }).outcome;
    expect(keysOf(server)).toEqual(['mine', 'made']);
    expect(newKey).toHaveBeenCalledTimes(1);
    expect(none.get('idempotency-key')).toEqual([]);
  });

  it('only the methods asked for', async () => {
    const server = await scripted([{}]);
    const client = await server.client({
      interceptors: [idempotencyClientInterceptor({ methods: 'test.Scripted/unary' })],
    });
    await startCall(client, 'serverStream').outcome;
    expect(keysOf(server)).toEqual([undefined]);
  });

  it('behind a retry it warns, once', async () => {
    const warnings = vi.spyOn(process, 'emitWarning').mockReturnValue();
    const server = await scripted([unavailable, {}]);
    const interceptors = [retryClientInterceptor({ backoff: () => 0 }), idempotencyClientInterceptor()];
    await startCall(await server.client({ interceptors }), 'unary').outcome;
    expect(warnings.mock.calls).toEqual([
      [expect.stringContaining('list it before them'), { code: 'GRPC_JS_MIDDLEWARE_ORDER' }],
    ]);
  });
});

describe('impossible options', () => {
  it.each<[object, string]>([
    [{}, 'idempotencyServerInterceptor: methods must be'],
    [{ methods: 'nothing' }, "idempotencyServerInterceptor: methods must be 'pkg.Service/Name'"],
    [{ methods: '*', ttlMs: 0 }, 'ttlMs must be a number from 1'],
    [{ methods: '*', leaseMs: NaN }, 'leaseMs must be a number from 1 to 2147483647, got NaN'],
    [{ methods: '*', store: {} }, 'store must be an object with the methods claim, finish and release, got {}'],
    [{ methods: '*', store: null }, 'store must be an object with the methods claim, finish and release, got null'],
    [{ methods: '*', onStoreFailure: 'ignore' }, "onStoreFailure must be one of 'refuse', 'run', got 'ignore'"],
    [{ methods: '*', finalStatusCodes: ['NOPE'] }, 'finalStatusCodes must be a list of status codes'],
    [{ methods: '*', caller: 'me' }, "caller must be a function, got 'me'"],
  ])('%o', (options, message) => {
    expect(() => idempotencyServerInterceptor(options as IdempotencyServerOptions)).toThrow(message);
  });

  it('of the others', () => {
    expect(() => memoryIdempotencyStore({ maxEntries: 0 })).toThrow(
      'memoryIdempotencyStore: maxEntries must be an integer of at least 1, got 0',
    );
    expect(() => idempotencyClientInterceptor({ newKey: 'x' as never })).toThrow(
      'idempotencyClientInterceptor: newKey must be a function',
    );
  });
});

/** Waits for what other turns of the event loop bring about. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}
