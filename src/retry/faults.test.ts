import { status } from '@grpc/grpc-js';
import { expect, test } from 'vitest';
import { EchoRequest, collect, injectFaults, startTestServer } from '../testing/index.js';
import { ScriptedServer, kinds, startCall } from './fixtures/scripted-server.js';
import { retryClientInterceptor } from './index.js';

test('two of three calls fail, and no application notices, in all four call kinds', async () => {
  let draws = 0;
  const faults = injectFaults({
    code: status.UNAVAILABLE,
    probability: 0.5,
    random: () => (draws++ % 3 === 2 ? 1 : 0),
  });
  await using echo = await startTestServer({
    interceptors: [faults],
    clientInterceptors: [retryClientInterceptor({ maxAttempts: 5, backoff: () => 0 })],
    clientOptions: { 'grpc.enable_retries': 0 },
    record: false,
  });
  const { client } = echo;
  const request = (text: string, count = 1): EchoRequest => EchoRequest.fromPartial({ text, count });
  for (let round = 0; round < 10; round++) {
    expect(await client.echo(request('a'))).toMatchObject({ text: 'a' });
    expect(await collect(client.serverEcho(request('b', 5)))).toHaveLength(5);
    expect(await client.clientEcho([request('c'), request('d')])).toMatchObject({ text: 'c d' });
    expect(await collect(client.bidiEcho([request('e', 2), request('f')]))).toHaveLength(3);
  }
  // Each call was refused twice.
  expect(draws).toBe(10 * 4 * 3);
});

test.each(kinds)('a killed connection is another attempt, before an answer has begun: %s', async (kind) => {
  const server = await ScriptedServer.start();
  server.script = [{ hang: true }, {}];
  const retry = retryClientInterceptor({ backoff: () => 0 });
  const client = await server.client({ interceptors: [retry], 'grpc.enable_retries': 0 });
  const { outcome } = startCall(client, kind);
  await server.until(() => server.attempts[0]?.finished === true);
  server.killConnections();
  expect(await outcome).toMatchObject({ status: { code: status.OK }, messages: [{ attempt: 2 }] });
  server.close();
});

test.each(['serverStream', 'bidi'] as const)(
  'and an error after it, since nothing is delivered twice: %s',
  async (kind) => {
    const server = await ScriptedServer.start();
    server.script = [{ headers: {}, hang: true }, {}];
    const client = await server.client({ interceptors: [retryClientInterceptor({ backoff: () => 0 })] });
    const { call, outcome } = startCall(client, kind);
    await new Promise((resolve) => call.once('metadata', resolve));
    server.killConnections();
    const { status: end, messages } = await outcome;
    expect([status.UNAVAILABLE, status.CANCELLED]).toContain(end.code);
    expect(messages).toEqual([]);
    expect(server.attempts).toHaveLength(1);
    server.close();
  },
);
