import { Metadata, status } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { echoCall, kinds } from '../../test/support/echo-call.js';
import { LineRecorder, lastLine } from '../../test/support/recorded-lines.js';
import { until } from '../../test/support/until.js';
import type { ServerCallContext } from '../core/context.js';
import { defineServerInterceptor } from '../core/define.js';
import { spanIdsKey } from '../core/shared/span-ids.js';
import { StatusError } from '../core/status/status-error.js';
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

describe('the line at the end', () => {
  test.each(kinds)('of a %s call: every field, and nothing else', async (kind) => {
    const { rawClient } = await serve();
    const started = Date.now();
    const deadline = started + 60_000;
    await echoCall(rawClient, kind, kind.startsWith('b') || kind.startsWith('c') ? [{}, {}] : [{}], { deadline }).seen;

    const many = kind === 'bidi_stream' || kind === 'client_stream';
    const line = await lastLine(log);
    expect(log.lines).toHaveLength(1);
    expect(line).toEqual({
      level: 'info',
      msg: 'finished call',
      protocol: 'grpc',
      'grpc.component': 'server',
      'grpc.service': 'grpc_js_middleware.testing.v1.EchoService',
      'grpc.method': {
        unary: 'Echo',
        server_stream: 'ServerEcho',
        client_stream: 'ClientEcho',
        bidi_stream: 'BidiEcho',
      }[kind],
      'grpc.method_type': kind,
      'peer.address': expect.stringMatching(/^127\.0\.0\.1:\d+$/) as string,
      'grpc.start_time': expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string,
      'grpc.request.deadline': expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string,
      'grpc.code': 'OK',
      'grpc.time_ms': expect.any(Number) as number,
      'grpc.end_origin': 'handler',
      'grpc.messages_received': many ? 2 : 1,
      'grpc.messages_sent': kind === 'bidi_stream' ? 2 : 1,
    });
    expect(Math.abs(Date.parse(line['grpc.request.deadline'] as string) - deadline)).toBeLessThan(2000);
    expect(Date.parse(line['grpc.start_time'] as string)).toBeGreaterThanOrEqual(started);
  });

  test('no deadline, no field', async () => {
    const { client } = await serve();
    await client.echo(request());
    expect(await lastLine(log)).not.toHaveProperty(['grpc.request.deadline']);
  });

  test.each(kinds)('of a %s call that failed: code, text, level', async (kind) => {
    const { rawClient } = await serve();
    await echoCall(rawClient, kind, [{ errorCode: status.FAILED_PRECONDITION, errorText: 'not now' }]).seen;
    expect(await lastLine(log)).toMatchObject({
      level: 'warn',
      'grpc.code': 'FailedPrecondition',
      'grpc.error': 'not now',
      'grpc.end_origin': 'handler',
    });
    expect(await lastLine(log)).not.toHaveProperty('error');
  });

  test.each(kinds)('of a %s call that was cancelled', async (kind) => {
    const { rawClient } = await serve({ events: ['start', 'end'] });
    const call = echoCall(rawClient, kind, [{ delayMs: 60_000 }], { keepOpen: true });
    await until(() => log.with('started call').length === 1);
    call.cancel();
    expect(await lastLine(log)).toMatchObject({
      level: 'info',
      'grpc.code': 'Canceled',
      'grpc.end_origin': 'cancelled',
    });
  });

  test.each(kinds)('of a %s call that an inner interceptor refused', async (kind) => {
    const refuse = defineServerInterceptor('refuse', () => () => ({
      admit: () => {
        throw new StatusError(status.UNAUTHENTICATED, 'who are you?');
      },
    }));
    const { rawClient } = await serve({}, { interceptors: [refuse] });
    await echoCall(rawClient, kind).seen;
    expect(await lastLine(log)).toMatchObject({ 'grpc.code': 'Unauthenticated', 'grpc.end_origin': 'interceptor' });
  });

  test('says how often the client has tried before', async () => {
    const { rawClient } = await serve();
    const metadata = new Metadata();
    metadata.set('grpc-previous-rpc-attempts', '2');
    await echoCall(rawClient, 'unary', [{}], { metadata }).seen;
    expect(await lastLine(log)).toMatchObject({ 'grpc.previous_attempts': 2 });
  });

  test('has the ids of the span, if there is one', async () => {
    const ids = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), sampled: true };
    const trace = defineServerInterceptor('trace', () => (call) => call.set(spanIdsKey, ids));
    const { client } = await serve({}, { interceptors: [trace] });
    await client.echo(request());
    expect(await lastLine(log)).toMatchObject({ trace_id: ids.traceId, span_id: ids.spanId });
  });
});

describe('errors', () => {
  test('an unknown error is shown to the operator, with its causes, and not to the client', async () => {
    const cause = Object.assign(new Error('connection refused'), { password: 'hunter2', authorization: 'Bearer x' });
    const echo = () => Promise.reject(new TypeError('no such table', { cause }));
    const { rawClient } = await serve({ redact: ['password'] }, { handlers: { echo } });
    const { details } = await echoCall(rawClient, 'unary').seen;
    expect(details).toBe('Unknown error');
    expect(await lastLine(log)).toMatchObject({
      level: 'error',
      'grpc.error': 'Unknown error',
      error: {
        type: 'TypeError',
        message: 'no such table',
        stack: expect.stringContaining('no such table') as string,
        cause: { message: 'connection refused', password: '[Redacted]', authorization: '[Redacted]' },
      },
    });
  });

  test('a StatusError says all that the line says, unless it has a cause', async () => {
    const echo = () => Promise.reject(new StatusError(status.NOT_FOUND, 'gone', { cause: new Error('row 7') }));
    const { rawClient } = await serve({}, { handlers: { echo } });
    await echoCall(rawClient, 'unary').seen;
    expect(await lastLine(log)).toMatchObject({ 'grpc.code': 'NotFound', error: { cause: { message: 'row 7' } } });
  });
});

describe('events', () => {
  test.each(kinds)('start, each message, and the end of a %s call, in order', async (kind) => {
    const { rawClient } = await serve({ events: ['start', 'request', 'response', 'end'] });
    await echoCall(rawClient, kind, [{ text: 'hello' }]).seen;
    await lastLine(log);
    expect(log.lines.map(({ msg }) => msg)).toEqual([
      'started call',
      'request received',
      'response sent',
      'finished call',
    ]);
    expect(log.with('request received')[0]).toMatchObject({
      level: 'info',
      'grpc.method_type': kind,
      'grpc.request.content': { text: 'hello', count: 0, payload: '<0 bytes>' },
    });
    expect(log.with('response sent')[0]).toMatchObject({ 'grpc.response.content': { text: 'hello' } });
  });

  test('only what is asked for', async () => {
    const { client } = await serve({ events: ['response'] });
    await client.echo(request());
    expect(log.lines.map(({ msg }) => msg)).toEqual(['response sent']);
  });

  test('payloads are redacted and cut', async () => {
    const { client } = await serve({ events: ['request'], redact: ['text'], maxPreviewLength: 100 });
    await client.echo(request({ text: 'secret', errorText: 'x'.repeat(5000), payload: Buffer.alloc(1000) }));
    const content = log.lines[0]!['grpc.request.content'] as Record<string, string>;
    expect(content['text']).toBe('[Redacted]');
    expect(content['payload']).toBe('<1000 bytes>');
    expect(JSON.stringify(content).length).toBeLessThan(300);
  });
});
