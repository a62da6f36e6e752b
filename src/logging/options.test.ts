import { Metadata, status } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { echoCall } from '../../test/support/echo-call.js';
import { LineRecorder, lastLine } from '../../test/support/recorded-lines.js';
import { until } from '../../test/support/until.js';
import type { ServerCallContext } from '../core/context.js';
import { defineServerInterceptor } from '../core/define.js';
import { EchoRequest, startTestServer, type TestServer, type TestServerOptions } from '../testing/index.js';
import { addLogFields, loggingServerInterceptor, type LoggingOptions } from './index.js';

type Options = Omit<LoggingOptions<ServerCallContext>, 'logger'>;

let log: LineRecorder;
let running: TestServer;

async function serve(options: Options = {}, further: TestServerOptions = {}): Promise<TestServer> {
  const interceptors = [loggingServerInterceptor({ logger: log, ...options }), ...(further.interceptors ?? [])];
  return (running = await startTestServer({ ...further, interceptors, record: false }));
}

const request = (fields: Partial<EchoRequest> = {}): EchoRequest => EchoRequest.fromPartial(fields);

beforeEach(() => {
  log = new LineRecorder();
  vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
});
afterEach(async () => {
  await running?.close();
  vi.restoreAllMocks();
});

describe('fields', () => {
  test('added by a handler: the newest wins, over `fields` and over what describes the call', async () => {
    const echo = async (): Promise<object> => {
      addLogFields({ orderId: 1, step: 'a' });
      await Promise.resolve();
      addLogFields({ step: 'b', tenant: 'inner', 'peer.address': 'real' });
      return { text: '', count: 0, payload: Buffer.alloc(0) };
    };
    const fields = (call: ServerCallContext) => ({ tenant: 'outer', path: call.method.path });
    const { client } = await serve({ fields }, { handlers: { echo: echo as never } });
    await client.echo(request());
    expect(await lastLine(log)).toMatchObject({
      orderId: 1,
      step: 'b',
      tenant: 'inner',
      path: '/grpc_js_middleware.testing.v1.EchoService/Echo',
      'peer.address': 'real',
    });
  });

  test('added through the call, where the code does not run on its behalf', async () => {
    const add = defineServerInterceptor('add', () => (call) => ({ admit: () => addLogFields({ tenant: 't' }, call) }));
    const { client } = await serve({}, { interceptors: [add] });
    await client.echo(request());
    expect(await lastLine(log)).toMatchObject({ tenant: 't' });
  });

  test('never stand in the place of how the call ended', async () => {
    const { client } = await serve({ fields: () => ({ 'grpc.code': 'Fine', 'grpc.time_ms': -1 }) });
    await client.echo(request());
    const line = await lastLine(log);
    expect(line['grpc.code']).toBe('OK');
    expect(line['grpc.time_ms']).toBeGreaterThan(0);
  });

  test('are redacted and bounded like everything else', async () => {
    const fields = () => ({
      user: { password: 'p', name: 'n' },
      token: 't',
      file: Buffer.alloc(5_000_000),
      id: 7n,
      __proto__: null,
    });
    const { client } = await serve({ fields, redact: ['user.password', 'token'] });
    await client.echo(request());
    expect(await lastLine(log)).toMatchObject({
      user: { password: '[Redacted]', name: 'n' },
      token: '[Redacted]',
      file: '<5000000 bytes>',
      id: '7',
    });
  });

  test('without a value, or named to do harm, are left out', async () => {
    const written: object[] = [];
    const logger = { ...log, info: (line: object) => void written.push(line) };
    const fields = () => JSON.parse('{"__proto__":{"admin":true},"fine":1}') as object;
    running = await startTestServer({ interceptors: [loggingServerInterceptor({ logger, fields })] });
    await running.client.echo(request());
    await until(() => written.length === 1);
    expect(written[0]).toMatchObject({ fine: 1 });
    expect(Object.getPrototypeOf(written[0])).toBe(Object.prototype);
  });

  test('outside a call there is nothing to add to', () => {
    expect(() => addLogFields({ a: 1 })).not.toThrow();
  });
});

describe('metadata', () => {
  const metadata = new Metadata();
  metadata.set('authorization', 'Bearer secret');
  metadata.set('cookie', 'a=secret');
  metadata.set('trace-bin', Buffer.from('secret'));
  metadata.set('x-tenant', 'acme');

  test('is not logged unless asked for', async () => {
    const { rawClient } = await serve();
    await echoCall(rawClient, 'unary', [{}], { metadata }).seen;
    expect(await lastLine(log)).not.toHaveProperty(['grpc.request.metadata']);
  });

  test('all of it, without credentials, cookies and binary values', async () => {
    const { rawClient } = await serve({ metadata: true, redact: ['user-agent'] });
    await echoCall(rawClient, 'unary', [{}], { metadata }).seen;
    const line = await lastLine(log);
    expect(line['grpc.request.metadata']).toMatchObject({
      authorization: '[Redacted]',
      cookie: '[Redacted]',
      'trace-bin': '[Redacted]',
      'user-agent': '[Redacted]',
      'x-tenant': ['acme'],
    });
    expect(JSON.stringify(line)).not.toContain('secret');
  });

  test('or the keys named, of which credentials stay hidden', async () => {
    const { rawClient } = await serve({ metadata: ['X-Tenant', 'authorization', 'absent'] });
    await echoCall(rawClient, 'unary', [{}], { metadata }).seen;
    expect((await lastLine(log))['grpc.request.metadata']).toEqual({
      authorization: '[Redacted]',
      'x-tenant': ['acme'],
    });
  });
});

describe('level and sample', () => {
  test('chosen by the application, with the call at hand', async () => {
    const { client } = await serve({
      level: ({ code }, call) => (code === status.OK && call.method.name === 'Echo' ? 'debug' : undefined),
    });
    await client.echo(request());
    await expect(client.echo(request({ errorCode: status.INTERNAL }))).rejects.toThrow();
    await until(() => log.lines.length === 2);
    expect(log.lines.map(({ level }) => level)).toEqual(['debug', 'error']);
  });

  test('silent writes nothing; a level the logger lacks is written as the nearest', async () => {
    const levels = ['silent', 'fatal', 'trace'] as const;
    let calls = 0;
    const { client } = await serve({ level: () => levels[calls++] });
    for (const _ of levels) await client.echo(request());
    await until(() => log.lines.length === 2);
    expect(log.lines.map(({ level }) => level)).toEqual(['error', 'debug']);
  });

  test('a sample decides when the outcome is known', async () => {
    const { client } = await serve({ sample: ({ code }) => code !== status.OK });
    await client.echo(request());
    await expect(client.echo(request({ errorCode: status.ABORTED }))).rejects.toThrow();
    await lastLine(log);
    expect(log.lines.map((line) => line['grpc.code'])).toEqual(['Aborted']);
  });

  test('a line that would not be written is not made', async () => {
    const fields = vi.fn(() => ({}));
    const logger = { ...log, isLevelEnabled: (level: string) => level !== 'info' };
    running = await startTestServer({ interceptors: [loggingServerInterceptor({ logger, fields })] });
    await running.client.echo(request());
    await running.events.until({ side: 'server', hook: 'onEnd' });
    expect(fields).not.toHaveBeenCalled();
    expect(log.lines).toEqual([]);
  });
});

describe('wrong options', () => {
  test.each([
    [{}, /^loggingServerInterceptor: logger must be a pino logger/],
    [{ logger: { info: () => 1 } }, /logger must be a pino logger/],
    [{ logger: 'x' }, /logger must be a pino logger.* got 'x'/],
    [{ events: ['finish'] }, /events must be a list of 'start', 'end', 'request', 'response', got \['finish'\]/],
    [{ level: 'info' }, /level must be a function/],
    [{ fields: {} }, /fields must be a function/],
    [{ sample: 0.1 }, /sample must be a function/],
    [{ redact: ['a..b'] }, /redact\[0\] must be a path/],
    [{ metadata: 'x' }, /metadata must be true, false or a list of metadata keys/],
    [{ maxPreviewLength: -1 }, /maxPreviewLength must be a number from 0 to/],
  ])('%j', (wrong, message) => {
    const options = 'logger' in wrong || Object.keys(wrong).length === 0 ? wrong : { logger: log, ...wrong };
    expect(() => loggingServerInterceptor(options as never)).toThrow(message);
  });
});
