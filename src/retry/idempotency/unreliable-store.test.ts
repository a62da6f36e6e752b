import { status } from '@grpc/grpc-js';
import { afterEach, describe, expect, test, vi } from 'vitest';
import {
  idempotencyClientInterceptor,
  idempotencyServerInterceptor,
  memoryIdempotencyStore,
  type IdempotencyServerOptions,
  type IdempotencyStore,
} from '../index.js';
import { closeServers, fixture, turns } from './fixtures/processes.js';
import { until } from '../../../test/support/until.js';

afterEach(() => {
  vi.restoreAllMocks();
  closeServers();
});

describe('a store that fails', () => {
  const broken = (more: Partial<IdempotencyStore>, sound = memoryIdempotencyStore()): IdempotencyStore => ({
    claim: (...args) => sound.claim(...args),
    finish: (...args) => sound.finish(...args),
    release: (...args) => sound.release(...args),
    ...more,
  });
  const fails = (): Promise<never> => Promise.reject(new Error('no connection to db.internal'));

  test('lets nothing run, and says when to come back', async () => {
    const { server, send, decisions } = await fixture([{}], { store: broken({ claim: fails }) });
    const { status: end } = await send('a');
    expect(end).toMatchObject({ code: status.UNAVAILABLE, details: 'The record of finished requests cannot be read' });
    expect(end.metadata.get('grpc-retry-pushback-ms')).toEqual(['1000']);
    expect(server.attempts).toHaveLength(0);
    expect(decisions).toMatchObject([{ decision: 'storeFailed', error: { message: 'no connection to db.internal' } }]);
  });

  test('that is slow does not decide for the wrong of two requests', async () => {
    const sound = memoryIdempotencyStore();
    const store = broken({ claim: (...args) => turns(30).then(() => sound.claim(...args)) }, sound);
    const { send, server } = await fixture([{}], { store });
    await send('a', 'right');
    await turns();
    // The wrong one asks the store first; the right one must not be measured by it.
    const [wrong, right] = await Promise.all([send('a', 'wrong'), send('a', 'right')]);
    expect(wrong.status.code).toBe(status.FAILED_PRECONDITION);
    expect(right.status.code).toBe(status.OK);
    expect(server.attempts).toHaveLength(1);
  });

  test('may be run without, where that was asked for', async () => {
    const { server, send } = await fixture([{}], { store: broken({ claim: fails }), onStoreFailure: 'run' });
    expect((await send('a')).status.code).toBe(status.OK);
    expect(server.attempts).toHaveLength(1);
  });

  test('or throws is the same', async () => {
    const claim = (): never => {
      throw new Error('broken');
    };
    const { send } = await fixture([{}], { store: broken({ claim }) });
    expect((await send('a')).status.code).toBe(status.UNAVAILABLE);
  });

  test('or stalls is waited for only so long, and a claim that comes late is given back', async () => {
    const sound = memoryIdempotencyStore();
    let stalled: (() => void) | undefined;
    const claim: IdempotencyStore['claim'] = async (...args) => {
      if (stalled === undefined) await new Promise<void>((resolve) => (stalled = resolve));
      return sound.claim(...args);
    };
    const store = broken({ claim }, sound);
    const { server, send } = await fixture([{}], { store, storeTimeoutMs: 20 });
    expect((await send('a')).status.code).toBe(status.UNAVAILABLE);
    stalled!();
    await turns();
    expect((await send('a')).status.code).toBe(status.OK);
    expect(server.attempts).toHaveLength(1);
  });

  test('to take an outcome is tried again; the client has its answer meanwhile', async () => {
    const sound = memoryIdempotencyStore();
    let failures = 0;
    const store = broken({ finish: (...args) => (failures++ === 0 ? fails() : sound.finish(...args)) }, sound);
    const { server, send } = await fixture([{}], { store });
    expect((await send('a')).status.code).toBe(status.OK);
    expect((await send('a')).status.code).toBe(status.OK);
    await until(() => failures === 2);
    await turns();
    expect((await send('a')).messages).toEqual([{ attempt: 1 }]);
    expect(server.attempts).toHaveLength(1);
  });
});

describe('impossible options', () => {
  test.each<[object, string]>([
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

  test('of the others', () => {
    expect(() => memoryIdempotencyStore({ maxEntries: 0 })).toThrow(
      'memoryIdempotencyStore: maxEntries must be an integer from 1 to 10000000, got 0',
    );
    expect(() => idempotencyClientInterceptor({ newKey: 'x' as never })).toThrow(
      'idempotencyClientInterceptor: newKey must be a function',
    );
  });
});
