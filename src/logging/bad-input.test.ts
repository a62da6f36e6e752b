import { status, type ServerInterceptor } from '@grpc/grpc-js';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { echoCall, kinds } from '../../test/support/echo-call.js';
import { LineRecorder, lastLine } from '../../test/support/recorded-lines.js';
import { until } from '../../test/support/until.js';
import type { ServerCallContext } from '../core/context.js';
import { EchoRequest, startTestServer, type TestServer, type TestServerOptions } from '../testing/index.js';
import { loggingServerInterceptor, type LoggingOptions } from './index.js';

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

describe('with pino itself', () => {
  test('a line of JSON', async () => {
    const written: string[] = [];
    const logger = pino({ base: null, timestamp: false }, { write: (text: string) => void written.push(text) });
    running = await startTestServer({ interceptors: [loggingServerInterceptor({ logger })] });
    await running.client.echo(request());
    await until(() => written.length > 0);
    expect(JSON.parse(written[0]!)).toMatchObject({ level: 30, 'grpc.code': 'OK', msg: 'finished call' });
  });

  test.each(kinds)('whose stream is closed: a %s call ends well, and the operator is told once', async (kind) => {
    const destination = pino.destination({ dest: '/dev/null', sync: true });
    const logger = pino(destination);
    const interceptor = loggingServerInterceptor({ logger, events: ['start', 'request', 'response', 'end'] });
    destination.destroy();
    expect(() => logger.info('anything')).toThrow('destroyed');
    running = await startTestServer({ interceptors: [interceptor] });
    expect((await echoCall(running.rawClient, kind, [{ text: 'a' }]).seen).code).toBe(status.OK);
    await running.events.until({ side: 'server', hook: 'onEnd' });
    expect(warningsOf('logger of interceptor')).toBeLessThanOrEqual(1);
  });
});

describe('what goes wrong in the log stays in the log', () => {
  const throws = (): never => {
    throw new Error('no');
  };

  test.each(kinds)('every function of the application throws, in a %s call', async (kind) => {
    const options: Options = {
      level: throws,
      fields: throws,
      sample: throws,
      events: ['start', 'request', 'response', 'end'],
    };
    const { rawClient } = await serve(options);
    expect((await echoCall(rawClient, kind, [{ text: 'a' }]).seen).code).toBe(status.OK);
    // The line is written none the less, with what is left.
    expect(await lastLine(log)).toMatchObject({ level: 'info', 'grpc.code': 'OK' });
  });

  test('or gives an answer of the wrong kind', async () => {
    const options = { level: () => 'loud', fields: () => Promise.reject(new Error('no')), sample: () => undefined };
    const { client } = await serve(options as never);
    await client.echo(request());
    expect(await lastLine(log)).toMatchObject({ level: 'info', 'grpc.code': 'OK' });
  });

  test('an asynchronous logger may reject', async () => {
    const rejects = vi.fn(() => Promise.reject(new Error('disk full')));
    const logger = { debug: rejects, info: rejects, warn: rejects, error: rejects } as never;
    running = await startTestServer({ interceptors: [loggingServerInterceptor({ logger })] });
    await running.client.echo(request());
    await running.events.until({ side: 'server', hook: 'onEnd' });
    await until(() => rejects.mock.calls.length === 1);
  });

  test('payloads with cycles, BigInt, throwing getters and 5 MB of bytes', async () => {
    const echo = (): Promise<never> => {
      const response: Record<string, unknown> = {
        text: 'x',
        count: 1,
        payload: Buffer.alloc(5_000_000),
        big: 2n ** 64n,
      };
      response['self'] = response;
      Object.defineProperty(response, 'bad', { enumerable: true, get: throws });
      return Promise.resolve(response as never);
    };
    const logger = pino({}, { write: (line: string) => void written.push(line) });
    const written: string[] = [];
    const interceptors: ServerInterceptor[] = [loggingServerInterceptor({ logger, events: ['response', 'end'] })];
    running = await startTestServer({
      interceptors,
      handlers: { echo },
      clientOptions: { 'grpc.max_receive_message_length': -1 },
    });
    expect((await running.client.echo(request())).payload).toHaveLength(5_000_000);
    await until(() => written.length === 2);
    const line = JSON.parse(written[0]!) as Record<string, unknown>;
    expect(line['grpc.response.content']).toEqual({
      text: 'x',
      count: 1,
      payload: '<5000000 bytes>',
      big: '18446744073709551616',
      self: '[Circular]',
      bad: '[Unreadable]',
    });
    expect(written[0]!.length).toBeLessThan(1000);
  });
});

function warningsOf(text: string): number {
  return vi.mocked(process.emitWarning).mock.calls.filter(([warning]) => String(warning).startsWith(text)).length;
}
