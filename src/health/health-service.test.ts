import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { credentials, Server, ServerCredentials, status } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { HealthClient, HealthCheckResponse_ServingStatus as Wire } from '../gen/grpc/health/v1/health.js';
import { HealthService } from './health-service.js';
import { eventually } from '../../test/support/until.js';

const buf = (...args: string[]) =>
  promisify(execFile)('node_modules/.bin/buf', ['curl', '--protocol', 'grpc', '--http2-prior-knowledge', ...args]);

let health: HealthService;
let server: Server;
let port: number;
let client: HealthClient;

beforeEach(async () => {
  await start(new HealthService({ services: ['shop.Orders'] }));
});

afterEach(() => {
  vi.useRealTimers();
  client.close();
  health.close();
  server.forceShutdown();
});

async function start(service: HealthService): Promise<void> {
  health = service;
  server = new Server();
  health.addTo(server);
  port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    ),
  );
  client = new HealthClient(`127.0.0.1:${port}`, credentials.createInsecure());
}

function check(service: string): Promise<string> {
  return new Promise((resolve) =>
    client.check({ service }, (error, response) =>
      resolve(error === null ? Wire[response.status] : `${status[error.code]}: ${error.details}`),
    ),
  );
}

/** A Watch stream as a list of what it heard, with a way to wait for its next word. */
function watch(service: string) {
  const heard: string[] = [];
  const waiting: (() => void)[] = [];
  const say = (word: string) => {
    heard.push(word);
    for (const wake of waiting.splice(0)) wake();
  };
  const call = client.watch({ service });
  call.on('data', ({ status: now }: { status: Wire }) => say(Wire[now]));
  call.on('error', () => {});
  call.on('status', ({ code }: { code: status }) => say(`end ${status[code]}`));
  const until = async (count: number): Promise<string[]> => {
    while (heard.length < count) await new Promise<void>((resolve) => waiting.push(resolve));
    return heard;
  };
  return { call, heard, until };
}

const shutDown = () => new Promise<void>((resolve) => server.tryShutdown(() => resolve()));

describe('Check', () => {
  test('knows the server as a whole and the listed services, and nothing else', async () => {
    expect(await check('')).toBe('SERVING');
    expect(await check('shop.Orders')).toBe('SERVING');
    expect(await check('shop.Nothing')).toBe('NOT_FOUND: unknown service');
  });

  test('does not send a name of any length back', async () => {
    expect(await check('x'.repeat(1_000_000))).toBe('NOT_FOUND: unknown service');
  });

  test('follows setStatus and clearStatus', async () => {
    health.setStatus('shop.Orders', 'NOT_SERVING');
    health.setStatus('shop.Payments', 'SERVING');
    expect(await check('shop.Orders')).toBe('NOT_SERVING');
    expect(await check('shop.Payments')).toBe('SERVING');
    health.clearStatus('shop.Payments');
    expect(await check('shop.Payments')).toBe('NOT_FOUND: unknown service');
  });
});

describe('List', () => {
  const list = () =>
    new Promise<string>((resolve) =>
      client.list({}, (error, response) =>
        resolve(
          error === null
            ? Object.entries(response.statuses)
                .map(([service, { status: now }]) => `${service}=${Wire[now]}`)
                .join(' ')
            : `${status[error.code]}: ${error.details}`,
        ),
      ),
    );

  test('gives every status, and refuses above 100 services', async () => {
    health.setStatus('shop.Orders', 'NOT_SERVING');
    expect(await list()).toBe('=SERVING shop.Orders=NOT_SERVING');
    for (let i = 0; i < 98; i++) health.setStatus(`s${i}`, 'SERVING');
    expect((await list()).split(' ')).toHaveLength(100);
    health.setStatus('one too many', 'SERVING');
    expect(await list()).toBe('RESOURCE_EXHAUSTED: more than 100 services cannot be listed');
  });
});

describe('Watch', () => {
  test('tells the present status at once, and then changes only', async () => {
    const { until } = watch('shop.Orders');
    await until(1);
    health.setStatus('shop.Orders', 'SERVING');
    health.setStatus('shop.Orders', 'NOT_SERVING');
    await until(2);
    health.setStatus('shop.Orders', 'NOT_SERVING');
    health.setStatus('shop.Orders', 'SERVING');
    expect(await until(3)).toEqual(['SERVING', 'NOT_SERVING', 'SERVING']);
  });

  test('keeps the stream of an unknown service open until the service comes, and tells when it goes', async () => {
    const { until } = watch('shop.Late');
    expect(await until(1)).toEqual(['SERVICE_UNKNOWN']);
    health.setStatus('shop.Late', 'SERVING');
    await until(2);
    health.clearStatus('shop.Late');
    expect(await until(3)).toEqual(['SERVICE_UNKNOWN', 'SERVING', 'SERVICE_UNKNOWN']);
  });

  test('tells a watcher the newest status when many changes come at once', async () => {
    const { until } = watch('shop.Orders');
    await until(1);
    for (let i = 0; i < 1_001; i++) health.setStatus('shop.Orders', i % 2 === 0 ? 'NOT_SERVING' : 'SERVING');
    health.shutdown();
    expect(await until(3)).toEqual(['SERVING', 'NOT_SERVING', 'end OK']);
  });

  test('forgets a stream that its client cancelled', async () => {
    const { call, until } = watch('shop.Late');
    await until(1);
    expect(health.watching).toBe(1);
    call.cancel();
    // A call that the server has answered after the cancel shows that the server has seen the cancel.
    await check('');
    await check('');
    expect(health.watching).toBe(0);
  });
});

describe('shutdown', () => {
  test('tells every watcher, ends their streams, and lets the server stop', async () => {
    const known = watch('shop.Orders');
    const whole = watch('');
    const unknown = watch('shop.Nothing');
    await Promise.all([known.until(1), whole.until(1), unknown.until(1)]);
    health.shutdown();
    await shutDown();
    expect(known.heard).toEqual(['SERVING', 'NOT_SERVING', 'end OK']);
    expect(whole.heard).toEqual(['SERVING', 'NOT_SERVING', 'end OK']);
    expect(unknown.heard).toEqual(['SERVICE_UNKNOWN', 'end OK']);
  });

  test('ignores what is set afterwards, until resume', async () => {
    health.shutdown();
    health.setStatus('shop.Orders', 'SERVING');
    health.setStatus('shop.New', 'SERVING');
    health.clearStatus('');
    expect([await check('shop.Orders'), await check('shop.New'), await check('')]).toEqual([
      'NOT_SERVING',
      'NOT_FOUND: unknown service',
      'NOT_SERVING',
    ]);
    health.resume();
    expect([await check('shop.Orders'), await check('')]).toEqual(['SERVING', 'SERVING']);
    const { until } = watch('shop.Orders');
    await until(1);
    health.setStatus('shop.Orders', 'NOT_SERVING');
    expect(await until(2)).toEqual(['SERVING', 'NOT_SERVING']);
  });

  test('can leave the streams open until it is called again', async () => {
    const { until } = watch('');
    await until(1);
    health.shutdown({ keepWatches: true });
    expect(await until(2)).toEqual(['SERVING', 'NOT_SERVING']);
    health.shutdown();
    expect(await until(3)).toEqual(['SERVING', 'NOT_SERVING', 'end OK']);
  });

  test('ends a stream that comes later, but not at once, so that no client spins', async () => {
    health.shutdown();
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const { until } = watch('');
    await until(1);
    // Another call takes its turns meanwhile.
    expect(await check('')).toBe('NOT_SERVING');
    vi.advanceTimersByTime(500);
    expect(await check('')).toBe('NOT_SERVING');
    expect(await until(1)).toEqual(['NOT_SERVING']);
    vi.advanceTimersByTime(500);
    expect(await until(2)).toEqual(['NOT_SERVING', 'end OK']);
  });
});

describe('another implementation', () => {
  const schema = ['--schema', 'proto'];

  test('checks with buf curl', async () => {
    const url = `http://127.0.0.1:${port}/grpc.health.v1.Health/Check`;
    const { stdout } = await buf(...schema, '-d', '{"service":"shop.Orders"}', url);
    expect(JSON.parse(stdout)).toEqual({ status: 'SERVING' });
    await expect(buf(...schema, '-d', '{"service":"shop.Nothing"}', url)).rejects.toMatchObject({
      code: 8 * status.NOT_FOUND,
    });
  });

  test('watches with buf curl until the server drains', async () => {
    const asked = buf(
      ...schema,
      '-d',
      '{"service":"shop.Orders"}',
      `http://127.0.0.1:${port}/grpc.health.v1.Health/Watch`,
    );
    while (health.watching === 0) await check('');
    health.shutdown();
    const { stdout } = await asked;
    expect(stdout.match(/[A-Z_]{3,}/g)).toEqual(['SERVING', 'NOT_SERVING']);
  });
});

describe('observers', () => {
  test('give a snapshot, each change, and never harm the service', async () => {
    const changes: string[] = [];
    client.close();
    server.forceShutdown();
    await start(
      new HealthService({
        services: ['a'],
        onChange: ({ service, status: now }) => {
          changes.push(`${service}=${now}`);
          throw new Error('a broken observer');
        },
      }),
    );
    health.setStatus('a', 'NOT_SERVING');
    health.clearStatus('a');
    expect(changes).toEqual(['=SERVING', 'a=SERVING', 'a=NOT_SERVING', 'a=SERVICE_UNKNOWN']);
    expect([...health.statuses()]).toEqual([['', 'SERVING']]);
    expect(await check('')).toBe('SERVING');
  });
});

test('observers that reject harm nothing either', async () => {
  const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
  const health = new HealthService({ onChange: () => Promise.reject(new Error('no log')) });
  health.setStatus('a', 'NOT_SERVING');
  await eventually(() => expect(warn).toHaveBeenCalledOnce());
  expect(warn.mock.calls[0]![0]).toContain('onChange threw, which changes nothing: Error: no log');
  health.close();
  warn.mockRestore();
});

describe('wrong options', () => {
  test.each([
    [{ services: { a: ['nothing'] } }, /services\['a'\] must be names of probes/],
    [{ services: { a: [] }, probes: { p: async () => true } }, /probes\.p must be named by a service/],
    [{ probes: { p: 'x' } as never }, /probes\.p must be a function/],
    [{ probeIntervalMs: 0 }, /probeIntervalMs must be a number from 1/],
    [{ services: [1] as never }, /services must be a list of names/],
    [{ onChange: 1 as never }, /onChange must be a function/],
  ])('%o', (options, message) => {
    expect(() => new HealthService(options)).toThrow(message);
  });

  test('refuses a status that is none', () => {
    expect(() => health.setStatus('a', 'FINE' as never)).toThrow(/status must be one of 'SERVING', 'NOT_SERVING'/);
  });
});
