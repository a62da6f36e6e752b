import http2 from 'node:http2';
import { connect, type Socket } from 'node:net';
import { status } from '@grpc/grpc-js';
import { afterEach, describe, expect, test, vi } from 'vitest';
import type { StatusError } from '../core/status/status-error.js';
import {
  collect,
  EchoRequest,
  EchoServiceService,
  startTestServer,
  type TestServer,
  type TestServerOptions,
} from '../testing/index.js';
import { shutdownGracefully, type ShutdownOptions, type ShutdownStep } from './shutdown.js';
import { trackCalls } from './track-calls.js';
import { eventually } from '../../test/support/until.js';

let started: TestServer | undefined;
afterEach(async () => {
  vi.restoreAllMocks();
  await started?.close();
});

/** A server that tracks its calls, and a shutdown of it that writes down its steps. */
async function start(serverOptions: TestServerOptions = {}) {
  const calls = trackCalls();
  const test = (started = await startTestServer({ ...serverOptions, interceptors: [calls] }));
  const steps: string[] = [];
  const shutdown = (options: Partial<ShutdownOptions> = {}) =>
    shutdownGracefully(test.server, {
      calls,
      drainDelayMs: 0,
      timeoutMs: 10_000,
      ...options,
      onStep: (step) => {
        steps.push(`${step.name} ${step.running}`);
        options.onStep?.(step);
      },
    });
  const running = async (count: number) => {
    while (calls.size < count) await new Promise((resolve) => setImmediate(resolve));
  };
  return { ...test, calls, steps, shutdown, running };
}

/** How a call ended, for calls that end while nobody looks. */
const endOf = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => 'OK',
    (error: StatusError) => `${status[error.code]}: ${error.details}`,
  );

/** Asks for more than it ever reads, so that not even the status gets through. */
function deafCall(session: http2.ClientHttp2Session): void {
  const request = EchoRequest.encode(echo({ count: 1_000, responseBytes: 100_000 })).finish();
  const frame = Buffer.concat([Buffer.from([0, 0, 0, 0, request.length]), request]);
  const { path } = EchoServiceService.serverEcho;
  const headers = { ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers' };
  session
    .request(headers)
    .on('error', () => {})
    .end(frame);
}

const echo = (fields: Parameters<typeof EchoRequest.create>[0] = {}) => EchoRequest.create(fields);

describe('shutdownGracefully', () => {
  test('serves on while it says NOT_SERVING, then takes no more calls, and lets the running ones finish', async () => {
    const { client, connect, shutdown, steps, running } = await start();
    const said: string[] = [];
    const health = { shutdown: (options?: object) => void said.push(JSON.stringify(options ?? {})) };
    const long = client.echo(echo({ text: 'long', delayMs: 150 }));
    await running(1);
    let served: Promise<unknown> | undefined;
    let refused: Promise<unknown> | undefined;
    const report = await shutdown({
      health,
      drainDelayMs: 50,
      onStep: ({ name }) => {
        if (name === 'not_serving') served = connect().echo(echo({ text: 'new' }));
        if (name === 'draining')
          refused = connect()
            .echo(echo())
            .catch((error: StatusError) => status[error.code]);
      },
    });
    expect(await served).toMatchObject({ text: 'new' });
    expect(await refused).toBe('UNAVAILABLE');
    expect(await long).toMatchObject({ text: 'long' });
    expect(steps).toEqual(['not_serving 1', 'draining 1', 'closed 0']);
    expect(report).toMatchObject({ ended: 0, forced: false });
    expect(said).toEqual(['{"keepWatches":true}', '{}']);
  });

  test('tells streams without an end, which then finish by themselves', async () => {
    const { client, calls, shutdown, steps } = await start({
      handlers: {
        async *serverEcho() {
          yield { text: 'first', count: 1, payload: Buffer.alloc(0) };
          if (!calls.draining.aborted)
            await new Promise((resolve) => calls.draining.addEventListener('abort', resolve));
          yield { text: 'goodbye', count: 2, payload: Buffer.alloc(0) };
        },
      },
    });
    const stream = client.serverEcho(echo())[Symbol.asyncIterator]();
    await stream.next();
    const stopped = shutdown();
    expect((await stream.next()).value).toMatchObject({ text: 'goodbye' });
    expect((await stream.next()).done).toBe(true);
    expect(await stopped).toMatchObject({ ended: 0, forced: false });
    expect(steps).toEqual(['not_serving 1', 'draining 1', 'closed 0']);
  });

  test('ends what runs on with UNAVAILABLE, which arrives before the connection closes', async () => {
    const { client, shutdown, steps, running } = await start();
    const ends = [
      endOf(client.echo(echo({ delayMs: 60_000 }))),
      endOf(collect(client.serverEcho(echo({ count: 2, delayMs: 60_000 })))),
    ];
    await running(2);
    const report = await shutdown({ timeoutMs: 20 });
    expect(await Promise.all(ends)).toEqual(Array(2).fill('UNAVAILABLE: the server is shutting down'));
    expect(steps).toEqual(['not_serving 2', 'draining 2', 'ending 2', 'closed 0']);
    expect(report).toMatchObject({ ended: 2, forced: false });
  });

  test('cuts off what runs on when it does not know the calls', async () => {
    const { client, running, shutdown } = await start();
    const end = endOf(client.echo(echo({ delayMs: 60_000 })));
    await running(1);
    const names: string[] = [];
    const report = await shutdown({ calls: undefined, timeoutMs: 20, onStep: ({ name }) => names.push(name) });
    expect(await end).toBe('CANCELLED: Call cancelled');
    expect(names).toEqual(['not_serving', 'draining', 'forcing', 'closed']);
    expect(report).toMatchObject({ ended: undefined, forced: true });
  });

  test.each([{}, { 'grpc.enable_channelz': 0 }])(
    'cuts a connection that reads nothing, with %j',
    async (serverOptions) => {
      const { address, running, shutdown, steps } = await start({ serverOptions });
      const session = http2.connect(`http://${address}`).on('error', () => {});
      const gone = new Promise((resolve) => session.on('close', resolve));
      deafCall(session);
      await running(1);
      const report = await shutdown({ timeoutMs: 20 });
      expect(steps.map((step) => step.split(' ')[0])).toEqual([
        'not_serving',
        'draining',
        'ending',
        'forcing',
        'closed',
      ]);
      expect(report).toMatchObject({ ended: 1, forced: true });
      await gone;
    },
  );

  test('waits for nothing once it is forced', async () => {
    const { client, shutdown, running, steps } = await start();
    const end = endOf(client.echo(echo({ delayMs: 60_000 })));
    await running(1);
    const force = new AbortController();
    const stopped = shutdown({
      drainDelayMs: 60_000,
      timeoutMs: 60_000,
      force: force.signal,
      onStep: ({ name }) => name === 'not_serving' && force.abort(),
    });
    expect(await end).toBe('UNAVAILABLE: the server is shutting down');
    expect(await stopped).toMatchObject({ ended: 1, forced: false });
    expect(steps).toEqual(['not_serving 1', 'draining 1', 'ending 1', 'closed 0']);
  });

  test('may be asked twice: the second is the first', async () => {
    const { shutdown, steps } = await start();
    let third: unknown;
    const first = shutdown({ onStep: () => (third ??= shutdown()) });
    expect(shutdown()).toBe(first);
    await first;
    expect(third).toBe(first);
    expect(steps).toEqual(['not_serving 0', 'draining 0', 'closed 0']);
  });

  test('is not held up by a connection that never spoke', async () => {
    const { port, shutdown } = await start();
    const socket = await new Promise<Socket>((resolve) => {
      const silent = connect(port, '127.0.0.1', () => resolve(silent.resume()));
    });
    const closed = new Promise((resolve) => socket.on('close', resolve));
    await shutdown({ timeoutMs: 50 });
    await closed;
  });

  test('goes on when its listener rejects', async () => {
    const warnings: string[] = [];
    vi.spyOn(process, 'emitWarning').mockImplementation((text) => void warnings.push(String(text)));
    const { server } = await start();
    const onStep = (() => Promise.reject(new Error('no log'))) as () => void;
    await shutdownGracefully(server, { drainDelayMs: 0, timeoutMs: 10_000, onStep });
    await eventually(() => expect(warnings).toHaveLength(3));
    expect(new Set(warnings)).toEqual(new Set(['shutdownGracefully: onStep threw: Error: no log']));
  });

  test('goes on whatever health and its listener do', async () => {
    const warnings: string[] = [];
    vi.spyOn(process, 'emitWarning').mockImplementation((text) => void warnings.push(String(text)));
    const { shutdown } = await start();
    const broken = () => {
      throw new Error('broken');
    };
    expect(await shutdown({ health: { shutdown: broken }, onStep: broken })).toMatchObject({ forced: false });
    expect(new Set(warnings)).toEqual(
      new Set(['shutdownGracefully: health threw: Error: broken', 'shutdownGracefully: onStep threw: Error: broken']),
    );
  });

  test('says how long it took, step by step', async () => {
    const { shutdown } = await start();
    const seen: ShutdownStep[] = [];
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
    const stopped = shutdown({ drainDelayMs: 20_000, timeoutMs: 60_000, onStep: (step) => void seen.push(step) });
    await vi.advanceTimersByTimeAsync(20_000);
    const { durationMs } = await stopped;
    const times = seen.map(({ elapsedMs }) => elapsedMs);
    expect(times).toEqual([...times].sort((x, y) => x - y));
    expect(times[1]! - times[0]!).toBe(20_000);
    expect(durationMs).toBeGreaterThanOrEqual(times.at(-1)!);
  });

  test.each([
    [{ drainDelayMs: -1, timeoutMs: 1 }, 'drainDelayMs must be a number from 0'],
    [{ drainDelayMs: 1 }, 'timeoutMs must be a number from 0'],
    [{ drainDelayMs: 1, timeoutMs: 1, onStep: 1 }, 'onStep must be a function'],
  ])('refuses %j', async (options, message) => {
    const { server } = await start();
    expect(() => shutdownGracefully(server, options as never)).toThrow(`shutdownGracefully: ${message}`);
  });

  test('refuses what is no server', () => {
    expect(() => shutdownGracefully({} as never, { drainDelayMs: 0, timeoutMs: 0 })).toThrow('must be a Server');
  });
});
