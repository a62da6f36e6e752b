import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { DnsLookup, DnsQuestion } from './dns-lookup.js';
import { registerPollingDnsResolver, type PollingDnsOptions } from './polling-dns-resolver.js';
import type { ResolverError } from './resolver-errors.js';
import { roundRobin } from './service-config.js';
import { echoClient, TestBackend } from './fixtures/backend.js';
import { testChannel } from './fixtures/channel.js';

let schemes = 0;

/** A resolver whose lookups answer as `answers` says, the last of them for ever. */
function register(options: Partial<PollingDnsOptions> & { answers?: (string[] | Error | 'hang')[] }) {
  const { answers = [['10.0.0.1:80']], ...rest } = options;
  const scheme = `poll-${++schemes}`;
  const asked: number[] = [];
  const questions: DnsQuestion[] = [];
  const errors: ResolverError[] = [];
  const lookup: DnsLookup = (question) => {
    questions.push(question);
    const answer = answers[Math.min(asked.push(Date.now()), answers.length) - 1]!;
    if (answer === 'hang') return new Promise(() => {});
    return answer instanceof Error ? Promise.reject(answer) : Promise.resolve(answer);
  };
  const onError = (error: ResolverError) => errors.push(error);
  registerPollingDnsResolver({ scheme, intervalMs: 10_000, jitter: 0, lookup, onError, ...rest });
  return { scheme, asked, questions, errors, channel: (path = 'shop.example:80') => testChannel(scheme, path) };
}

describe('with a clock of ours', () => {
  beforeEach(() => {
    vi.useFakeTimers({
      toFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'clearImmediate', 'Date', 'performance'],
      now: 0,
    });
  });
  afterEach(() => {
    vi.restoreAllMocks();
    vi.useRealTimers();
  });
  const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

  test('asks at once, then on the interval, and tells the channel only what is new', async () => {
    const one = ['10.0.0.1:80'];
    const two = ['10.0.0.1:80', '10.0.0.2:80'];
    const { channel, asked } = register({ answers: [one, one, two, [...two].reverse(), ['10.0.0.2:80']] });
    const { told, resolve } = channel();
    resolve();
    expect(told).toEqual([]);
    await pass(40_001);
    expect(asked).toEqual([0, 10_000, 20_000, 30_000, 40_000]);
    expect(told).toEqual(['10.0.0.1:80', '10.0.0.1:80 10.0.0.2:80', '10.0.0.2:80']);
  });

  test('spreads its lookups by the jitter', async () => {
    vi.spyOn(Math, 'random').mockReturnValueOnce(0).mockReturnValueOnce(1);
    const { channel, asked } = register({ jitter: 0.2 });
    channel().resolve();
    await pass(20_000);
    expect(asked).toEqual([0, 8_000, 20_000]);
  });

  test.each([
    ['shop.example:80', { host: 'shop.example', port: 80 }],
    ['shop.example', { host: 'shop.example', port: undefined }],
    ['[::1]:80', { host: '::1', port: 80 }],
  ])('asks for %s', (path, question) => {
    const { channel, questions } = register({});
    channel(path).resolve();
    expect(questions).toEqual([question]);
  });

  test('keeps the last good answer while DNS fails for minutes, asks ever more slowly, and recovers', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0.5);
    const fail = new Error('ESERVFAIL');
    const { channel, asked, errors, scheme } = register({
      intervalMs: 60_000,
      answers: [['10.0.0.1:80'], ...Array.from({ length: 8 }, () => fail), ['10.0.0.2:80']],
    });
    const { told, resolve } = channel();
    resolve();
    await pass(180_000);
    expect(asked.slice(2).map((at, i) => (at - asked[i + 1]!) / 1_000)).toEqual(
      [1, 1.6, 2.56, 4.096, 6.5536, 10.48576, 16.777216, 26.8435456].map(
        (seconds) => Math.trunc(seconds * 1_000) / 1_000,
      ),
    );
    expect(told).toEqual(['10.0.0.1:80', '10.0.0.2:80']);
    expect(errors).toHaveLength(8);
    expect(errors[0]).toEqual({ target: `${scheme}:///shop.example:80`, error: fail });
  });

  test('tells why there are no addresses before there were any', async () => {
    const { channel } = register({ answers: [new Error('ENOTFOUND'), ['10.0.0.1:80']] });
    const { told, resolve } = channel();
    resolve();
    await pass(0);
    expect(told).toEqual(['error: name resolution failed: ENOTFOUND']);
    await pass(1_500);
    expect(told[1]).toBe('10.0.0.1:80');
  });

  test('takes an empty answer, and one that is no address, for a failure', async () => {
    const { channel, errors } = register({ answers: [['10.0.0.1:80'], [], ['nonsense'], ['nonsense', '10.0.0.2:80']] });
    const { told, resolve } = channel();
    resolve();
    await pass(20_000);
    expect(told).toEqual(['10.0.0.1:80', '10.0.0.2:80']);
    expect(errors.map(({ error }) => error.message)).toEqual([
      'the lookup gave no addresses',
      "not 'host:port': nonsense",
      'the lookup gave no addresses',
      "not 'host:port': nonsense",
    ]);
  });

  test('gives a lookup that hangs up, and asks again', async () => {
    const { channel, errors } = register({ answers: ['hang', ['10.0.0.1:80']], lookupTimeoutMs: 500 });
    const { told, resolve } = channel();
    resolve();
    await pass(3_000);
    expect(errors.map(({ error }) => error.message)).toEqual(['the lookup took longer than 500 ms']);
    expect(told.at(-1)).toBe('10.0.0.1:80');
  });

  test('asks early for a channel that needs news, but never more than once a second', async () => {
    const { channel, asked } = register({});
    const { resolve } = channel();
    for (let i = 0; i < 50; i++) {
      resolve();
      await pass(50);
    }
    expect(asked).toEqual([0, 1_000, 2_000]);
  });

  test('asks such a channel’s question in a second though the time of day was set back', async () => {
    const { channel, questions } = register({});
    const { resolve } = channel();
    resolve();
    await pass(100);
    vi.setSystemTime(-3_600_000);
    resolve();
    await pass(1_000);
    expect(questions).toHaveLength(2);
  });

  test('does not let such a channel undo the backoff', async () => {
    vi.spyOn(Math, 'random').mockReturnValue(0.5);
    const { channel, asked } = register({ answers: [new Error('ESERVFAIL')] });
    const { resolve } = channel();
    for (let i = 0; i < 100; i++) {
      resolve();
      await pass(100);
    }
    expect(asked).toEqual([0, 1_000, 2_600, 5_160, 9_256]);
  });

  test('asks once for all channels of a name, until the last is closed', async () => {
    const { channel, asked } = register({});
    const first = channel();
    const second = channel();
    first.resolve();
    await pass(0);
    second.resolve();
    await pass(0);
    expect([first.told, second.told]).toEqual([['10.0.0.1:80'], ['10.0.0.1:80']]);
    first.close();
    await pass(10_000);
    expect(asked).toEqual([0, 10_000]);
    second.close();
    await pass(60_000);
    expect(asked).toHaveLength(2);
    first.resolve();
    await pass(0);
    expect(asked).toHaveLength(3);
    expect(first.told).toEqual(['10.0.0.1:80', '10.0.0.1:80']);
  });

  test('ignores an answer that comes after the channel was closed', async () => {
    const { channel } = register({});
    const { told, resolve, close } = channel();
    resolve();
    close();
    await pass(0);
    expect(told).toEqual([]);
  });

  test('survives a listener that throws, and reports by a warning where there is none', async () => {
    const warnings: string[] = [];
    vi.spyOn(process, 'emitWarning').mockImplementation((warning) => void warnings.push(String(warning)));
    const onError = () => {
      throw new Error('a broken listener');
    };
    const broken = register({ answers: [new Error('ESERVFAIL')], onError }).channel();
    const plain = register({ answers: [new Error('ESERVFAIL')], onError: undefined });
    broken.resolve();
    plain.channel().resolve();
    await pass(0);
    expect(broken.told).toEqual(['error: name resolution failed: ESERVFAIL']);
    expect(warnings.map((text) => text.replace(/poll-\d+/, 'x'))).toEqual([
      'addresses of x:///shop.example:80: onError threw: Error: a broken listener',
      'addresses of x:///shop.example:80: ESERVFAIL',
    ]);
  });

  test('a lookup that throws instead of rejecting has failed', async () => {
    const lookup = () => {
      throw new Error('at once');
    };
    const { told, resolve } = register({ lookup }).channel();
    resolve();
    await pass(0);
    expect(told).toEqual(['error: name resolution failed: at once']);
  });
});

describe('with real backends', () => {
  test('finds an added backend and drops a removed one, with no failed call', async () => {
    const [a, b] = await Promise.all([TestBackend.start('a'), TestBackend.start('b')]);
    let addresses = [a.address];
    const scheme = `poll-${++schemes}`;
    registerPollingDnsResolver({ scheme, intervalMs: 10, lookup: async () => addresses });
    const client = echoClient(`${scheme}:///shop`, roundRobin());
    const failures: string[] = [];
    const until = (wanted: string) =>
      client.until((answer) => {
        if (answer.length > 1) failures.push(answer);
        return answer === wanted;
      });
    await until('a');
    addresses = [a.address, b.address];
    await until('b');
    addresses = [b.address];
    for (let inRow = 0; inRow < 20;) inRow = (await client.ask()) === 'b' ? inRow + 1 : 0;
    expect(failures).toEqual([]);
    client.close();
    for (const backend of [a, b]) backend.kill();
  });

  test('fails calls with the reason while a name cannot be resolved', async () => {
    const scheme = `poll-${++schemes}`;
    registerPollingDnsResolver({
      scheme,
      intervalMs: 10,
      lookup: () => Promise.reject(new Error('queryA ESERVFAIL shop')),
      onError: () => {},
    });
    const client = echoClient(`${scheme}:///shop`, roundRobin());
    expect(await client.ask()).toBe('UNAVAILABLE: name resolution failed: queryA ESERVFAIL shop');
    client.close();
  });
});

describe('wrong options', () => {
  test.each([
    [{}, /intervalMs must be a number from 1/],
    [{ intervalMs: 0 }, /intervalMs must be a number from 1/],
    [{ intervalMs: 1, jitter: 2 }, /jitter must be a number from 0 to 1/],
    [{ intervalMs: 1, lookup: 'srv' }, /lookup must be a function/],
    [{ intervalMs: 1, scheme: 'dns' }, /scheme must be a URI scheme other than dns/],
  ])('%o', (options, message) => {
    expect(() => registerPollingDnsResolver(options as never)).toThrow(message);
  });
});
