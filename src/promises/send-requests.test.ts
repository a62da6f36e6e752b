import { status } from '@grpc/grpc-js';
import { once } from 'node:events';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { StatusError } from '../core/index.js';
import {
  EchoRequest,
  EchoResponse,
  collect,
  startTestServer,
  type TestServer,
  type TestServerOptions,
} from '../testing/index.js';
import { until } from '../../test/support/until.js';

let running: TestServer | undefined;
const start = async (options?: TestServerOptions): Promise<TestServer> => (running = await startTestServer(options));
const request = (fields: Partial<EchoRequest> = {}) => EchoRequest.fromPartial(fields);
afterEach(async () => {
  await running?.close();
  running = undefined;
});

describe('an iterable of requests', () => {
  test.each(['clientEcho', 'bidiEcho'] as const)('that throws cancels the call of %s', async (kind) => {
    const { client, events } = await start();
    const mine = new Error('mine');
    async function* requests() {
      yield request();
      await events.until({ side: 'server', hook: 'onRequest' });
      throw mine;
    }
    const result = kind === 'clientEcho' ? client.clientEcho(requests()) : collect(client.bidiEcho(requests()));
    await expect(result).rejects.toMatchObject({
      code: status.CANCELLED,
      details: 'Cancelled: the iterable of requests threw',
      cause: mine,
    });
    expect(await events.until({ side: 'server', hook: 'onEnd' })).toMatchObject({ code: 'CANCELLED' });
  });

  test('that throws a StatusError rejects with it', async () => {
    const { client } = await start();
    const mine = new StatusError(status.DATA_LOSS, 'broken file');
    const requests = { [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(mine) }) };
    await expect(client.clientEcho(requests)).rejects.toBe(mine);
  });

  test('that cannot even begin rejects, too', async () => {
    const { client } = await start();
    const mine = new Error('mine');
    const requests: AsyncIterable<EchoRequest> = {
      [Symbol.asyncIterator]: () => {
        throw mine;
      },
    };
    await expect(client.clientEcho(requests)).rejects.toMatchObject({ cause: mine });
    await expect(collect(client.bidiEcho(requests))).rejects.toMatchObject({ cause: mine });
  });

  test.each([
    ['fails', { errorCode: status.ABORTED }],
    ['answers', {}],
  ])('is closed when the server %s before it has all', async (_, fields) => {
    const closed = vi.fn();
    const { client, events } = await start({
      handlers: {
        clientEcho: async (requests) => {
          for await (const { errorCode } of requests)
            if (errorCode) throw new StatusError(errorCode, 'enough');
            else return EchoResponse.fromPartial({ text: 'enough' });
          throw new Error('unreachable');
        },
      },
    });
    async function* requests() {
      try {
        for (;;) yield await Promise.resolve(request(fields));
      } finally {
        closed();
      }
    }
    const result = client.clientEcho(requests()).then(
      ({ text }) => text,
      ({ details }: StatusError) => details,
    );
    expect(await result).toBe('enough');
    await until(() => closed.mock.calls.length === 1);
    await events.until({ side: 'server', hook: 'onEnd' });
  });

  test('that fails when the call is over changes nothing', async () => {
    const { client, events } = await start({
      handlers: { bidiEcho: () => [EchoResponse.fromPartial({ text: 'a' }), EchoResponse.fromPartial({ text: 'b' })] },
    });
    let fail: ((error: Error) => void) | undefined;
    async function* requests() {
      yield request();
      await new Promise((_, reject) => (fail = reject));
    }
    const replies = client.bidiEcho(requests());
    await events.until({ side: 'client', hook: 'onEnd' });
    await until(() => fail !== undefined);
    fail!(new Error('too late'));
    expect(await collect(replies)).toMatchObject([{ text: 'a' }, { text: 'b' }]);
  });

  test('that a server reads no further waits, and is closed when the call is aborted', async () => {
    let sent = 0;
    const closed = vi.fn();
    const { client, events } = await start({
      handlers: { clientEcho: (_, context) => once(context.signal, 'abort') as Promise<never> },
    });
    function* requests() {
      try {
        for (;;) yield (sent++, request({ payload: Buffer.alloc(100_000) }));
      } finally {
        closed();
      }
    }
    const controller = new AbortController();
    const failure = expect(client.clientEcho(requests(), { signal: controller.signal })).rejects.toMatchObject({
      code: status.CANCELLED,
    });
    await events.until({ side: 'server', hook: 'admit' });
    await until(() => sent > 10);
    expect(sent).toBeLessThan(100);
    controller.abort();
    await failure;
    await until(() => closed.mock.calls.length === 1);
  });

  test('that never waits does not keep the event loop from turning', async () => {
    let sent = 0;
    const { client } = await start({
      record: false,
      handlers: { clientEcho: () => new Promise<never>(() => undefined) },
    });
    const controller = new AbortController();
    function* requests() {
      for (;;) yield (sent++, request());
    }
    const failure = expect(client.clientEcho(requests(), { signal: controller.signal })).rejects.toMatchObject({
      code: status.CANCELLED,
    });
    await until(() => sent > 0);
    controller.abort();
    await failure;
    // grpc-js would take a megabyte of these without a turn: some 150,000.
    expect(sent).toBeLessThan(20_000);
  });

  test('has to be one', async () => {
    const { client } = await start();
    const message = /^promiseClient: requests must be an iterable or async iterable of request messages, got /;
    await expect(client.clientEcho(request() as unknown as EchoRequest[])).rejects.toThrow(message);
    expect(() => client.bidiEcho('abc' as unknown as EchoRequest[])).toThrow(message);
  });

  test('that yields what cannot be encoded fails the call', async () => {
    const { client } = await start();
    const wrong = [undefined, null, { text: 7 }] as unknown as EchoRequest[];
    for (const each of wrong) await expect(client.clientEcho([each])).rejects.toBeInstanceOf(StatusError);
  });
});
