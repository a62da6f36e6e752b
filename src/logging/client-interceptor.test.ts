import { InterceptingCall, status, type Interceptor } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { echoCall, kinds } from '../../test/support/echo-call.js';
import { LineRecorder } from '../../test/support/recorded-lines.js';
import { withAttempt } from '../core/client/client-call.js';
import type { ClientCallContext } from '../core/context.js';
import { defineClientInterceptor } from '../core/define.js';
import { StatusError } from '../core/status/status-error.js';
import { startTestServer, type TestServer } from '../testing/index.js';
import { addLogFields, loggingClientInterceptor, type LoggingOptions } from './index.js';

let log: LineRecorder;
let running: TestServer;

async function serve(
  options: Partial<LoggingOptions<ClientCallContext>> = {},
  around: { outer?: Interceptor[]; inner?: Interceptor[] } = {},
) {
  const logging = loggingClientInterceptor({ logger: log, ...options });
  const clientInterceptors = [...(around.outer ?? []), logging, ...(around.inner ?? [])];
  return (running = await startTestServer({ clientInterceptors, record: false }));
}

beforeEach(() => (log = new LineRecorder()));
afterEach(() => running?.close());

describe('the line at the end', () => {
  test.each(kinds)('of a %s call', async (kind) => {
    const { rawClient, address } = await serve();
    const many = kind === 'bidi_stream' || kind === 'client_stream';
    await echoCall(rawClient, kind, many ? [{}, {}] : [{}]).seen;
    expect(log.lines).toEqual([
      {
        level: 'debug',
        msg: 'finished call',
        protocol: 'grpc',
        'grpc.component': 'client',
        'grpc.service': 'grpc_js_middleware.testing.v1.EchoService',
        'grpc.method': expect.stringMatching(/Echo$/) as string,
        'grpc.method_type': kind,
        'grpc.target': expect.stringContaining(address) as string,
        'peer.address': address,
        'grpc.start_time': expect.any(String) as string,
        'grpc.code': 'OK',
        'grpc.time_ms': expect.any(Number) as number,
        'grpc.end_origin': 'peer',
        'grpc.messages_received': kind === 'bidi_stream' ? 2 : 1,
        'grpc.messages_sent': many ? 2 : 1,
      },
    ]);
  });

  test('levels are the client’s own', async () => {
    const { rawClient } = await serve();
    for (const errorCode of [status.NOT_FOUND, status.PERMISSION_DENIED, status.UNAVAILABLE]) {
      await echoCall(rawClient, 'unary', [{ errorCode }]).seen;
    }
    expect(log.lines.map(({ level }) => level)).toEqual(['debug', 'info', 'warn']);
  });

  test('a long text of a foreign server is cut', async () => {
    const long: Interceptor = (options, nextCall) =>
      new InterceptingCall(nextCall(options), {
        start: (metadata, _listener, next) =>
          next(metadata, {
            onReceiveStatus: (given, forward) =>
              forward({ ...given, code: status.INTERNAL, details: 'x'.repeat(100_000) }),
          }),
      });
    const { rawClient } = await serve({}, { inner: [long] });
    await echoCall(rawClient, 'unary').seen;
    expect(log.lines[0]!['grpc.error']).toHaveLength(8192 + '… (100000 characters)'.length);
  });

  test('of a call that never left', async () => {
    const refuse = defineClientInterceptor('refuse', () => () => ({
      admit: () => {
        throw new StatusError(status.RESOURCE_EXHAUSTED, 'breaker');
      },
    }));
    const { rawClient } = await serve({}, { inner: [refuse] });
    await echoCall(rawClient, 'unary').seen;
    expect(log.lines).toMatchObject([{ 'grpc.code': 'ResourceExhausted', 'grpc.end_origin': 'interceptor' }]);
    expect(log.lines[0]).not.toHaveProperty(['peer.address']);
  });

  test('of a server that is not there', async () => {
    const { rawClient, server, address } = await serve();
    server.forceShutdown();
    await echoCall(rawClient, 'unary').seen;
    expect(log.lines).toMatchObject([{ level: 'warn', 'grpc.code': 'Unavailable' }]);
    expect(log.lines[0]!['grpc.target']).toContain(address);
  });

  test('of a client that is closed', async () => {
    const { rawClient } = await serve();
    rawClient.close();
    await echoCall(rawClient, 'unary').seen;
    expect(log.lines).toMatchObject([{ level: 'warn', 'grpc.code': 'Unavailable', 'grpc.end_origin': 'interceptor' }]);
  });
});

test.each(kinds)('start, messages and end of a %s call, in the words of a client', async (kind) => {
  const { rawClient } = await serve({ events: ['start', 'request', 'response', 'end'], redact: ['payload'] });
  await echoCall(rawClient, kind, [{ text: 'hello' }]).seen;
  expect(log.lines.map(({ msg }) => msg)).toEqual([
    'started call',
    'request sent',
    'response received',
    'finished call',
  ]);
  expect(log.with('request sent')[0]).toMatchObject({
    'grpc.request.content': { text: 'hello', payload: '[Redacted]' },
  });
  expect(log.with('response received')[0]).toMatchObject({ 'grpc.response.content': { text: 'hello' } });
});

test('inside a retry, a line per attempt that says which', async () => {
  const third: Interceptor = (options, nextCall) => nextCall(withAttempt(options, 3)) as never;
  const { rawClient } = await serve({}, { outer: [third] });
  await echoCall(rawClient, 'unary').seen;
  expect(log.lines).toMatchObject([{ 'grpc.attempt': 3 }]);
});

test('fields are added through the call', async () => {
  const add = defineClientInterceptor('add', () => (call) => addLogFields({ shop: 7 }, call));
  const { rawClient } = await serve({ fields: () => ({ app: 'till' }) }, { inner: [add] });
  await echoCall(rawClient, 'unary').seen;
  expect(log.lines).toMatchObject([{ app: 'till', shop: 7 }]);
});

test('a wrong option names the function', () => {
  expect(() => loggingClientInterceptor({} as never)).toThrow(/^loggingClientInterceptor: logger must be/);
});
