import { status } from '@grpc/grpc-js';
import { afterEach, describe, expect, test } from 'vitest';
import { StatusError } from '../core/status/status-error.js';
import { EchoRequest, startTestServer, type TestServer } from '../testing/index.js';
import { trackCalls } from './track-calls.js';

let started: TestServer | undefined;
afterEach(() => started?.close());

const never = () => new Promise<never>(() => {});
const hanging = {
  echo: never,
  clientEcho: never,
  // eslint-disable-next-line require-yield
  serverEcho: async function* () {
    await never();
  },
  bidiEcho: async function* () {
    yield { text: 'hello', count: 1, payload: Buffer.alloc(0) };
    await never();
  },
};

async function* requests() {
  yield EchoRequest.create({});
  await never();
}

async function codeOf(call: Promise<unknown> | AsyncIterable<unknown>): Promise<string> {
  try {
    if (Symbol.asyncIterator in call) for await (const _ of call);
    else await call;
    return 'OK';
  } catch (error) {
    return `${status[(error as StatusError).code]}: ${(error as StatusError).details}`;
  }
}

describe('trackCalls', () => {
  test('counts running calls of every kind, and ends them with the error it is given', async () => {
    const calls = trackCalls();
    const { client, events } = (started = await startTestServer({ interceptors: [calls], handlers: hanging }));
    expect(calls.size).toBe(0);
    const ends = [
      codeOf(client.echo(EchoRequest.create({}))),
      codeOf(client.serverEcho(EchoRequest.create({}))),
      codeOf(client.clientEcho(requests())),
      codeOf(client.bidiEcho(requests())),
    ];
    await events.until({ side: 'client', hook: 'onResponse' });
    while (calls.size < 4) await new Promise((resolve) => setImmediate(resolve));
    calls.endAll(new StatusError(status.UNAVAILABLE, 'going'));
    expect(await Promise.all(ends)).toEqual(Array(4).fill('UNAVAILABLE: going'));
    expect(calls.size).toBe(0);
  });

  test('forgets calls that ended by themselves', async () => {
    const calls = trackCalls();
    const { client } = (started = await startTestServer({ interceptors: [calls] }));
    await client.echo(EchoRequest.create({ text: 'x' }));
    await expect(client.echo(EchoRequest.create({ errorCode: 3, errorText: 'no' }))).rejects.toThrow('no');
    const abandoned = client.echo(EchoRequest.create({ delayMs: 60_000 }), { signal: AbortSignal.timeout(20) });
    await expect(abandoned).rejects.toThrow();
    while (calls.size > 0) await new Promise((resolve) => setImmediate(resolve));
    calls.endAll(new StatusError(status.UNAVAILABLE, 'nobody there'));
  });

  test('counts the calls of its own server only', async () => {
    const [mine, other] = [trackCalls(), trackCalls()];
    started = await startTestServer({ interceptors: [mine, other] });
    expect(mine).not.toBe(other);
    mine.startDraining();
    expect([mine.draining.aborted, other.draining.aborted]).toEqual([true, false]);
  });
});
