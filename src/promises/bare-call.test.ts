import { Metadata, status } from '@grpc/grpc-js';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import { StatusError, contextKey, currentCall, type ServerCallContext } from '../core/index.js';
import {
  EchoRequest,
  EchoResponse,
  collect,
  startTestServer,
  type EchoHandlers,
  type TestServer,
} from '../testing/index.js';
import { until } from '../../test/support/until.js';

/** Servers of these tests list no interceptor at all. */
const start = async (handlers: Partial<EchoHandlers> = {}): Promise<TestServer> =>
  (running = await startTestServer({ record: false, handlers }));
const request = (text = '') => EchoRequest.fromPartial({ text });
const response = (text = '') => EchoResponse.fromPartial({ text });
let running: TestServer | undefined;

afterEach(async () => {
  await running?.close();
  running = undefined;
});

describe('without any interceptor', () => {
  test('all four kinds work', async () => {
    const { client } = await start();
    expect((await client.echo(request('a'))).text).toBe('a');
    expect(await collect(client.serverEcho(request('b')))).toMatchObject([{ text: 'b' }]);
    expect((await client.clientEcho([request('c'), request('d')])).text).toBe('c d');
    expect(await collect(client.bidiEcho([request('e'), request('f')]))).toMatchObject([{ text: 'e' }, { text: 'f' }]);
  });

  test('the context tells what grpc-js knows, and keeps values', async () => {
    const key = contextKey('tenant', 'nobody');
    let seen: ServerCallContext | undefined;
    const { client } = await start({
      echo: async (_, call) => {
        seen = call;
        expect(call.get(key)).toBe('nobody');
        call.set(key, 'acme');
        await Promise.resolve();
        expect(currentCall()).toBe(call);
        return response(currentCall().get(key));
      },
    });
    const metadata = new Metadata();
    metadata.set('x-one', '1');
    metadata.set('grpc-previous-rpc-attempts', '2');
    const deadline = Date.now() + 60_000;
    expect((await client.echo(request(), { metadata, deadline })).text).toBe('acme');
    expect(seen).toMatchObject({
      method: { name: 'Echo', kind: 'unary' },
      peer: expect.stringMatching(/^127\.0\.0\.1:\d+$/) as string,
      authority: `127.0.0.1:${running!.port}`,
      previousAttempts: 2,
      peerCertificate: undefined,
    });
    expect(seen!.metadata.get('x-one')).toEqual(['1']);
    expect(Math.abs(seen!.deadline - deadline)).toBeLessThan(2000);
    expect(seen!.signal.aborted).toBe(false);
  });

  test('errors keep their status, and unknown ones do not show their message', async () => {
    const handlers = (error: unknown): Partial<EchoHandlers> => ({
      echo: () => Promise.reject(error),
      async *serverEcho() {
        yield response();
        throw error;
      },
      clientEcho: () => Promise.reject(error),
      bidiEcho: () => Promise.reject(error),
    });
    const outcomes = async ({ client }: TestServer): Promise<string[]> => {
      const calls = [client.echo(request()), collect(client.serverEcho(request()))];
      calls.push(client.clientEcho([]), collect(client.bidiEcho([])));
      const settled = await Promise.allSettled<unknown>(calls);
      return settled.map((each) => (each.status === 'rejected' ? textOf(each.reason as StatusError) : 'OK'));
    };
    expect(await outcomes(await start(handlers(new Error('secret'))))).toEqual(Array(4).fill('UNKNOWN: Unknown error'));
    await running!.close();
    const known = new StatusError(status.NOT_FOUND, 'no such thing');
    expect(await outcomes(await start(handlers(known)))).toEqual(Array(4).fill('NOT_FOUND: no such thing'));
  });

  test('headers and trailers are sent, headers not with errors', async () => {
    const note = (call: ServerCallContext): void => {
      call.responseHeaders.set('x-head', '1');
      call.responseTrailers.set('x-tail', '1');
    };
    const { client } = await start({
      echo: async ({ text }, call) => {
        note(call);
        if (text === 'fail') throw new StatusError(status.ABORTED, 'as asked');
        return response();
      },
      async *serverEcho({ text }, call) {
        note(call);
        if (text === 'fail') throw new StatusError(status.ABORTED, 'as asked');
        if (text === 'some') yield response();
      },
    });
    const told = async (call: (options: object) => Promise<unknown>): Promise<string> => {
      const seen: string[] = [];
      await call({
        onHeaders: (headers: Metadata) => void seen.push(`head ${headers.get('x-head').join()}`),
        onTrailers: (trailers: Metadata) => void seen.push(`tail ${trailers.get('x-tail').join()}`),
      }).catch((error: StatusError) => seen.push(error.details));
      return seen.join(', ');
    };
    expect(await told((options) => client.echo(request(), options))).toBe('head 1, tail 1');
    expect(await told((options) => client.echo(request('fail'), options))).toBe('tail 1, as asked');
    const stream = (text: string) => told((options) => collect(client.serverEcho(request(text), options)));
    expect(await stream('some')).toBe('head 1, tail 1');
    expect(await stream('none')).toBe('head 1, tail 1');
    expect(await stream('fail')).toBe('tail 1, as asked');
  });

  test('headers and trailers that HTTP/2 throws on are left out', async () => {
    const spoil = (call: ServerCallContext): EchoResponse => {
      call.responseHeaders.set('connection', 'close');
      call.responseTrailers.set('keep-alive', '1');
      return response('sent');
    };
    const { client } = await start({
      echo: async (_, call) => spoil(call),
      async *serverEcho(_, call) {
        yield spoil(call);
      },
      clientEcho: async (_, call) => {
        spoil(call);
        throw new StatusError(status.ABORTED, 'sent');
      },
    });
    expect(await client.echo(request())).toMatchObject({ text: 'sent' });
    expect(await collect(client.serverEcho(request()))).toMatchObject([{ text: 'sent' }]);
    await expect(client.clientEcho([])).rejects.toMatchObject({ code: status.ABORTED, details: 'sent' });
  });

  test.each(['clientEcho', 'bidiEcho'] as const)('a cancelled upload to %s does not look finished', async (kind) => {
    const outcome: unknown[] = [];
    let read = 0;
    const readAll = async (requests: AsyncIterable<EchoRequest>): Promise<EchoResponse> => {
      try {
        for await (const _ of requests) read++;
        outcome.push('finished');
      } catch (error) {
        outcome.push(error);
      }
      return response();
    };
    const { rawClient } = await start({
      clientEcho: readAll,
      async *bidiEcho(requests) {
        yield await readAll(requests);
      },
    });
    for (let nth = 1; nth <= 20; nth++) {
      const call = kind === 'clientEcho' ? rawClient.clientEcho(() => undefined) : rawClient.bidiEcho();
      call.on('error', () => undefined).write(request());
      await until(() => read === nth);
      call.cancel();
      await until(() => outcome.length === nth);
      expect(outcome.at(-1)).toMatchObject({ code: status.CANCELLED });
    }
  });

  test('generators are closed and the signal aborts when the client cancels', async () => {
    const closed: unknown[] = [];
    const { rawClient } = await start({
      async *serverEcho(_, call) {
        try {
          for (;;) {
            yield response();
            await turn();
          }
        } finally {
          closed.push(call.signal.reason);
        }
      },
    });
    const call = rawClient.serverEcho(request()).on('error', () => undefined);
    call.once('data', () => call.cancel());
    await until(() => closed.length === 1);
    expect(closed[0]).toMatchObject({ code: status.CANCELLED });
  });

  test('an iterable that a handler returns after its client has gone is closed, and nothing is pulled from it', async () => {
    const events: string[] = [];
    let open!: () => void;
    const gate = new Promise<void>((resolve) => (open = resolve));
    let gone = (): void => undefined;
    const left = new Promise<void>((resolve) => (gone = resolve));
    const source: AsyncIterableIterator<EchoResponse> = {
      [Symbol.asyncIterator]: () => source,
      next: async () => (events.push('pulled'), { done: false, value: response() }),
      return: async () => (events.push('closed'), { done: true, value: undefined }),
    };
    const { rawClient } = await start({
      serverEcho: (async (_: unknown, call: ServerCallContext) => {
        call.signal.addEventListener('abort', () => gone());
        began();
        await gate;
        return source;
      }) as never,
    });
    let began = (): void => undefined;
    const running = new Promise<void>((resolve) => (began = resolve));
    const call = rawClient.serverEcho(request()).on('error', () => undefined);
    await running;
    call.cancel();
    await left;
    open();
    await until(() => events.length > 0);
    expect(events).toEqual(['closed']);
  });

  test('the handler may shorten its deadline, and end its call', async () => {
    const { client } = await start({
      echo: async (_, call) => {
        call.limitDeadline(Date.now() + 20);
        return await new Promise<never>((_resolve, reject) => {
          call.signal.addEventListener('abort', () => reject(call.signal.reason as Error));
        });
      },
      async *serverEcho(_, call) {
        yield response('first');
        call.end(new StatusError(status.ABORTED, 'enough'));
        yield response('never');
      },
    });
    await expect(client.echo(request())).rejects.toMatchObject({ code: status.DEADLINE_EXCEEDED });
    const replies = client.serverEcho(request());
    expect((await replies.next()).value).toMatchObject({ text: 'first' });
    await expect(replies.next()).rejects.toMatchObject({ code: status.ABORTED, details: 'enough' });
  });
});

const textOf = ({ code, details }: StatusError): string => `${status[code]}: ${details}`;
