import { status } from '@grpc/grpc-js';
import { EventEmitter, on, once } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { StatusError, currentCall, defineServerInterceptor, type ServerCallContext } from '../core/index.js';
import {
  EchoRequest,
  EchoResponse,
  startTestServer,
  type EchoHandlers,
  type TestServer,
  type TestServerOptions,
} from '../testing/index.js';
import { until } from '../../test/support/until.js';

let running: TestServer | undefined;
const start = async (options?: TestServerOptions): Promise<TestServer> => (running = await startTestServer(options));
const request = (text = '') => EchoRequest.fromPartial({ text });
const payload = Buffer.alloc(1000);
const response = (count = 0) => EchoResponse.fromPartial({ count, payload });

afterEach(async () => {
  await running?.close();
  running = undefined;
});

/** A handler that yields for ever, and notes how many messages it made and that it was closed. */
function endless() {
  const notes = new EventEmitter();
  const state = { made: 0, closed: once(notes, 'closed'), call: undefined as ServerCallContext | undefined };
  const serverEcho: EchoHandlers['serverEcho'] = async function* (_, call) {
    state.call = call;
    try {
      for (;;) yield response(++state.made);
    } finally {
      // The context is still that of the call.
      notes.emit('closed', currentCall());
    }
  };
  return { state, handlers: { serverEcho } };
}

/** Starts a call whose client reads one message and stops; returns once the handler has to wait for it. */
async function blocked(server: TestServer, state: { readonly made: number }) {
  const call = server.rawClient.serverEcho(request());
  call.on('error', () => undefined);
  await once(call, 'readable');
  call.read();
  await settled(state);
  return call;
}

/** Nothing more is made for a while. */
async function settled(state: { readonly made: number }): Promise<void> {
  for (let last = -1; last !== state.made;) {
    last = state.made;
    for (let i = 0; i < 50; i++) await turn();
  }
}

describe('a slow reader', () => {
  test('keeps the server from running ahead, over 100,000 messages', async () => {
    const COUNT = 100_000;
    let made = 0;
    const { client } = await start({
      record: false,
      handlers: {
        async *serverEcho() {
          while (made < COUNT) yield response(++made);
        },
      },
    });
    let read = 0;
    let ahead = 0;
    for await (const { count } of client.serverEcho(request())) {
      if (count !== ++read) break;
      ahead = Math.max(ahead, made - read);
      if (read % 1000 === 0) await turn();
    }
    expect(read).toBe(COUNT);
    // What HTTP/2's window holds (64 KB of messages of 1 KB), and 16 in each stream on either side.
    expect(ahead).toBeLessThan(300);
  }, 60_000);

  test('who stops reading stops the handler', async () => {
    const { state, handlers } = endless();
    const server = await start({ handlers });
    await blocked(server, state);
    expect(state.made).toBeLessThan(300);
  });

  test('who does not even begin stops the handler, too', async () => {
    const { state, handlers } = endless();
    const { client, events } = await start({ handlers });
    const unread = client.serverEcho(request());
    await events.until({ side: 'server', hook: 'onResponse' });
    await settled(state);
    expect(state.made).toBeLessThan(300);
    await unread.return!();
    await state.closed;
  });
});

describe('a generator is closed, in the context of its call,', () => {
  test('when the client cancels while it waits for the reader', async () => {
    const { state, handlers } = endless();
    const server = await start({ handlers });
    const call = await blocked(server, state);
    call.cancel();
    expect(await state.closed).toEqual([state.call]);
    expect(await server.events.until({ side: 'server', hook: 'onEnd' })).toMatchObject({
      code: 'CANCELLED',
      origin: 'cancelled',
    });
  });

  test('when the deadline passes, though the client neither reads nor goes', async () => {
    const { state, handlers } = endless();
    const server = await start({ handlers });
    const call = await blocked(server, state);
    state.call!.limitDeadline(Date.now() + 1);
    expect(await state.closed).toEqual([state.call]);
    expect(state.call?.signal.reason).toMatchObject({ code: status.DEADLINE_EXCEEDED });
    expect(call.destroyed).toBe(false);
  });

  test('when an interceptor ends the call', async () => {
    const { state, handlers } = endless();
    const server = await start({ handlers });
    const call = await blocked(server, state);
    state.call!.end(new StatusError(status.ABORTED, 'enough'));
    expect(await state.closed).toEqual([state.call]);
    const failed = once(call, 'error');
    call.resume();
    await expect(failed).resolves.toMatchObject([{ code: status.ABORTED, details: 'enough' }]);
  });

  test('when an interceptor refuses one of its messages', async () => {
    const refusing = defineServerInterceptor('refuse', () => () => ({
      onResponse: (message) => {
        if ((message as EchoResponse).count === 3) throw new StatusError(status.DATA_LOSS, 'not this one');
      },
    }));
    const { state, handlers } = endless();
    const { client } = await start({ interceptors: [refusing], handlers });
    const replies = client.serverEcho(request());
    expect((await replies.next()).value).toMatchObject({ count: 1 });
    expect((await replies.next()).value).toMatchObject({ count: 2 });
    await expect(replies.next()).rejects.toMatchObject({ code: status.DATA_LOSS });
    await state.closed;
  });

  test('when the connection is lost', async () => {
    const { state, handlers } = endless();
    const server = await start({ handlers });
    await blocked(server, state);
    await server.close();
    await state.closed;
  });

  test('when a message cannot be encoded', async () => {
    const closed = vi.fn();
    const { client, events } = await start({
      handlers: {
        async *serverEcho() {
          try {
            yield { text: '', count: 'many', payload } as unknown as EchoResponse;
            yield response();
          } finally {
            closed();
          }
        },
      },
    });
    await expect(client.serverEcho(request()).next()).rejects.toMatchObject({ code: status.INTERNAL });
    await events.until({ side: 'server', hook: 'onEnd' });
    expect(closed).toHaveBeenCalledOnce();
  });

  test('once what it awaits has settled', async () => {
    let release: (() => void) | undefined;
    const closed = vi.fn();
    const { rawClient, events } = await start({
      handlers: {
        async *serverEcho() {
          try {
            yield response();
            await new Promise<void>((resolve) => (release = resolve));
            yield response();
            yield response();
          } finally {
            closed();
          }
        },
      },
    });
    const call = rawClient.serverEcho(request()).on('error', () => undefined);
    await once(call, 'data');
    await until(() => release !== undefined);
    call.cancel();
    await events.until({ side: 'server', hook: 'onEnd' });
    expect(closed).not.toHaveBeenCalled();
    release!();
    await until(() => closed.mock.calls.length === 1);
  });
});

describe('an iterable of another kind', () => {
  test('is closed at once, though it has nothing to yield', async () => {
    const source = new EventEmitter();
    const { rawClient, events } = await start({
      handlers: { serverEcho: () => on(source, 'message') as AsyncIterable<never> },
    });
    const call = rawClient.serverEcho(request()).on('error', () => undefined);
    await until(() => source.listenerCount('message') === 1);
    call.cancel();
    await events.until({ side: 'server', hook: 'onEnd' });
    await until(() => source.listenerCount('message') === 0);
  });

  const throws = (): never => {
    throw new Error('in return');
  };
  const rejects = (): Promise<never> => Promise.reject(new Error('in return'));
  const endless = async (): Promise<unknown> => ({ done: false, value: response() });
  const silent = (): Promise<unknown> => new Promise(() => undefined);
  test.each([
    ['throws while the reader is waited for', throws, endless],
    ['rejects while the reader is waited for', rejects, endless],
    ['throws while there is nothing to yield', throws, silent],
    ['rejects while there is nothing to yield', rejects, silent],
  ])('whose return() %s harms nobody', async (_, fail, next) => {
    // Not a mock, which would handle the rejection.
    let returned = 0;
    const iterator = { next, return: () => (returned++, fail()) } as unknown as AsyncIterator<EchoResponse>;
    const { rawClient, events, client } = await start({
      handlers: { serverEcho: () => ({ [Symbol.asyncIterator]: () => iterator }) },
    });
    const call = rawClient.serverEcho(request()).on('error', () => undefined);
    await events.until({ side: 'server', hook: next === endless ? 'onResponse' : 'onRequest' });
    await turn();
    call.cancel();
    expect(await events.until({ side: 'server', hook: 'onEnd' })).toMatchObject({ code: 'CANCELLED' });
    await until(() => returned === 1);
    expect((await client.echo(request('still there'))).text).toBe('still there');
  });
});

test('what a handler throws after its call has ended harms nobody', async () => {
  const late: (() => void)[] = [];
  const fail = async (): Promise<never> => {
    await new Promise<void>((resolve) => late.push(resolve));
    throw new Error('too late');
  };
  const { rawClient, client, events } = await start({
    handlers: {
      echo: fail,
      clientEcho: fail,
      async *serverEcho() {
        yield await fail();
      },
      async *bidiEcho() {
        yield await fail();
      },
    },
  });
  const calls = [
    rawClient.echo(request(), () => undefined),
    rawClient.serverEcho(request()),
    rawClient.clientEcho(() => undefined),
    rawClient.bidiEcho(),
  ];
  for (const call of calls) call.on('error', () => undefined);
  await until(() => late.length === 4);
  for (const call of calls) call.cancel();
  await events.until({ side: 'server', hook: 'onEnd', code: 'CANCELLED' }, { nth: 4 });
  for (const release of late) release();
  await turn();
  // Nobody is asked what to send any more.
  expect(events.list({ hook: 'onError' })).toEqual([]);
  await expect(client.echo(request(), { timeoutMs: 50 })).rejects.toMatchObject({ code: status.DEADLINE_EXCEEDED });
});
