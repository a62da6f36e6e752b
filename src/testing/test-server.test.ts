import { Metadata, status, type ServerCredentials } from '@grpc/grpc-js';
import { afterEach, expect, test } from 'vitest';
import { EchoRequest, collect, startTestServer, type TestServer, type TestServerOptions } from './index.js';

let running: TestServer | undefined;
const start = async (options?: TestServerOptions): Promise<TestServer> => (running = await startTestServer(options));
const request = (fields: Parameters<typeof EchoRequest.fromPartial>[0]) => EchoRequest.fromPartial(fields);

afterEach(async () => {
  await running?.close();
  running = undefined;
});

test('answers in all four call kinds', async () => {
  const { client } = await start();
  const payload = Buffer.from('abc');

  expect(await client.echo(request({ text: 'one', payload }))).toEqual({ text: 'one', count: 1, payload });
  expect((await collect(client.serverEcho(request({ text: 'two', count: 3 })))).map((each) => each.count)).toEqual([
    1, 2, 3,
  ]);
  expect(await client.clientEcho([request({ text: 'a' }), request({ text: 'b' })])).toMatchObject({
    text: 'a b',
    count: 2,
  });
  const replies = await collect(client.bidiEcho([request({ text: 'a', count: 2 }), request({ text: 'b' })]));
  expect(replies.map((each) => each.text)).toEqual(['a', 'a', 'b']);
});

test('fails as a request asks, after its responses', async () => {
  const { client } = await start();
  const failing = request({ text: 'x', count: 2, errorCode: status.ABORTED, errorText: 'as asked' });
  const expected = { code: status.ABORTED, details: 'as asked' };

  await expect(client.echo(failing)).rejects.toMatchObject(expected);
  await expect(client.clientEcho([failing])).rejects.toMatchObject(expected);
  for (const stream of [client.serverEcho(failing), client.bidiEcho([failing])]) {
    expect((await stream.next()).value).toMatchObject({ count: 1 });
    expect((await stream.next()).value).toMatchObject({ count: 2 });
    await expect(stream.next()).rejects.toMatchObject(expected);
  }
});

test('makes payloads of the size asked for', async () => {
  const { client } = await start();
  expect((await client.echo(request({ responseBytes: 1000 }))).payload).toHaveLength(1000);
});

test('records both sides, from the outside in and back', async () => {
  const { client, events } = await start();
  await client.echo(request({ text: 'hello' }));
  await events.until({ side: 'server', hook: 'onEnd' });

  expect(events.lines({ side: 'client' })).toEqual([
    'client Echo admit',
    'client Echo onRequest',
    'client Echo onHeaders',
    'client Echo onResponse',
    'client Echo onStatus OK',
    'client Echo onEnd OK',
  ]);
  expect(events.lines({ side: 'server' })).toEqual([
    'server Echo admit',
    'server Echo onRequest',
    'server Echo onHeaders',
    'server Echo onResponse',
    'server Echo onStatus OK',
    'server Echo onEnd OK',
  ]);
  expect(events.list({ side: 'server', hook: 'onRequest' })[0]?.message).toMatchObject({ text: 'hello' });
});

test('records what was thrown', async () => {
  const error = new Error('secret');
  const { client, events } = await start({ handlers: { echo: () => Promise.reject(error) } });
  await expect(client.echo(request({}))).rejects.toMatchObject({ code: status.UNKNOWN, details: 'Unknown error' });

  expect(events.list({ hook: 'onError' })).toMatchObject([{ side: 'server', error }]);
  const end = await events.until({ side: 'server', hook: 'onEnd' });
  expect(end).toMatchObject({ code: 'UNKNOWN', origin: 'handler', error, received: 1, sent: 0 });
});

test('records nothing when asked not to', async () => {
  const { client, events } = await start({ record: false });
  await client.echo(request({}));
  expect(events.list()).toEqual([]);
});

test('connects further clients with options of their own', async () => {
  const { connect, events } = await start();
  await connect().echo(request({}));
  expect(events.list({ side: 'client' })).toEqual([]);
  await events.until({ side: 'server', hook: 'onEnd' });
});

test('closes with calls still running', async () => {
  const { client, events, close } = await start();
  const call = client.echo(request({ delayMs: 60_000 }));
  const failure = expect(call).rejects.toMatchObject({ code: status.CANCELLED });
  await events.until({ side: 'server', hook: 'onRequest' });
  await close();
  await failure;
  expect(await events.until({ side: 'server', hook: 'onEnd' })).toMatchObject({ code: 'CANCELLED' });
});

test('takes plain handlers and further services', async () => {
  const added: string[] = [];
  const { client } = await start({
    implementation: {
      echo: (_call: unknown, callback: (error: null, value: object, trailers: Metadata) => void) =>
        callback(null, { text: 'plain', count: 7, payload: Buffer.alloc(0) }, new Metadata()),
    },
    addServices: (server) => added.push(server.constructor.name),
  });
  expect(await client.echo(request({}))).toMatchObject({ text: 'plain', count: 7 });
  expect(added).toEqual(['Server']);
  await expect(client.clientEcho([])).rejects.toMatchObject({ code: status.UNIMPLEMENTED });
});

test('says what cannot be listened to', async () => {
  await expect(startTestServer({ serverCredentials: {} as ServerCredentials })).rejects.toThrow(TypeError);
  await expect(startTestServer({ record: 'yes' as unknown as boolean })).rejects.toThrow(
    "startTestServer: record must be true or false, got 'yes'",
  );
});
