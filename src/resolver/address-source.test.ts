import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { registerAddressSource, type AddressSource } from './address-source.js';
import type { ResolverError } from './resolver-errors.js';
import { roundRobin } from './service-config.js';
import { echoClient, TestBackend } from './fixtures/backend.js';
import { testChannel } from './fixtures/channel.js';

let schemes = 0;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'clearImmediate', 'Date'], now: 0 });
  vi.spyOn(Math, 'random').mockReturnValue(0.5);
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});
const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

/** A source that yields what it is pushed; the runs of it, and a channel that listens. */
function start(source?: AddressSource) {
  const scheme = `source-${++schemes}`;
  const runs: { at: number; signal: AbortSignal; push: (item: string[] | Error | 'end') => void }[] = [];
  const errors: ResolverError[] = [];
  async function* pushed(_name: string, signal: AbortSignal): AsyncGenerator<string[]> {
    const items: (string[] | Error | 'end')[] = [];
    let wake = () => {};
    const push = (item: string[] | Error | 'end') => (items.push(item), wake());
    runs.push({ at: Date.now(), signal, push });
    for (;;) {
      while (items.length === 0) await new Promise<void>((resolve) => (wake = resolve));
      const item = items.shift()!;
      if (item === 'end') return;
      if (item instanceof Error) throw item;
      yield item;
    }
  }
  registerAddressSource(scheme, source ?? pushed, { onError: (error) => errors.push(error) });
  const channel = testChannel(scheme, 'shop');
  channel.resolve();
  return { scheme, runs, errors, channel, told: channel.told };
}

describe('registerAddressSource', () => {
  test('follows what the source yields, for as long as a channel wants it', async () => {
    const { runs, told, channel } = start();
    runs[0]!.push(['10.0.0.1:80']);
    await pass(0);
    runs[0]!.push(['10.0.0.1:80', '[::1]:80']);
    await pass(0);
    expect(told).toEqual(['10.0.0.1:80', '10.0.0.1:80 [::1]:80']);
    channel.close();
    expect(runs[0]!.signal.aborted).toBe(true);
    runs[0]!.push(['10.0.0.9:80']);
    await pass(600_000);
    expect(told).toHaveLength(2);
    expect(runs).toHaveLength(1);
  });

  test.each([
    ['throws', new Error('the watch is gone')],
    ['ends', 'end' as const],
  ])('keeps the last addresses when the source %s, and starts it again after a backoff', async (_, last) => {
    const { runs, told, errors, scheme } = start();
    runs[0]!.push(['10.0.0.1:80']);
    await pass(0);
    runs[0]!.push(last);
    await pass(999);
    expect(runs).toHaveLength(1);
    expect(errors[0]!.target).toBe(`${scheme}:///shop`);
    expect(errors[0]!.error.message).toBe(last === 'end' ? 'the address source ended' : 'the watch is gone');
    await pass(1);
    expect(runs).toHaveLength(2);
    runs[1]!.push(['10.0.0.2:80']);
    await pass(0);
    expect(told).toEqual(['10.0.0.1:80', '10.0.0.2:80']);
  });

  test('slows down while the source keeps failing, up to the limit, and starts afresh after it yielded', async () => {
    const { runs } = start();
    for (let i = 0; i < 12; i++) {
      runs.at(-1)!.push(new Error('again'));
      await pass(150_000);
    }
    const gaps = runs.slice(1).map(({ at }, i) => at - runs[i]!.at);
    expect(gaps.slice(0, 3)).toEqual([1_000, 150_000 + 1_600 - 1_000, 150_000 + 2_560 - 1_600]);
    runs.at(-1)!.push(['10.0.0.1:80']);
    runs.at(-1)!.push('end');
    const before = runs.length;
    await pass(999);
    expect(runs).toHaveLength(before);
    await pass(1);
    expect(runs).toHaveLength(before + 1);
  });

  test.each([
    [
      'throws at once',
      () => {
        throw new Error('no');
      },
    ],
    ['returns no iterable', () => 5 as never],
    [
      'yields no list',
      async function* () {
        yield 5 as never;
      },
    ],
    ['ends at once', async function* () {}],
  ])('a source that %s makes no tight loop, and calls fail with the reason', async (_, source) => {
    let starts = 0;
    const { told, errors } = start((...args) => (starts++, (source as AddressSource)(...args)));
    await pass(10_000);
    expect(starts).toBe(5); // 0, 1, 2.6, 5.16, 9.26 s
    expect(told).toEqual([`error: ${errors[0]!.error.message}`]);
  });

  test('takes an empty list for a fault, and leaves out what is no address', async () => {
    const { runs, told, errors } = start();
    runs[0]!.push([]);
    await pass(0);
    runs[0]!.push(['10.0.0.1:80', 'nonsense', ':80', '10.0.0.1']);
    await pass(0);
    runs[0]!.push([]);
    await pass(0);
    runs[0]!.push(['nonsense']);
    await pass(0);
    expect(told).toEqual(['error: the address source gave no addresses', '10.0.0.1:80']);
    expect(errors.map(({ error }) => error.message)).toEqual([
      'the address source gave no addresses',
      "not 'host:port': nonsense, :80, 10.0.0.1",
      'the address source gave no addresses',
      "not 'host:port': nonsense",
      'the address source gave no addresses',
    ]);
  });

  test('runs once for all channels of a name', async () => {
    const { scheme, runs } = start();
    const other = testChannel(scheme, 'shop');
    other.resolve();
    runs[0]!.push(['10.0.0.1:80']);
    await pass(0);
    expect(runs).toHaveLength(1);
    expect(other.told).toEqual(['10.0.0.1:80']);
  });

  test('refuses what is no source', () => {
    expect(() => registerAddressSource('x', 5 as never)).toThrow('registerAddressSource: source must be a function');
    expect(() => registerAddressSource('x', () => ({}) as never, { maxBackoffMs: 0 })).toThrow('maxBackoffMs');
  });

  test('moves calls, with none that fails', async () => {
    vi.useRealTimers();
    const [a, b] = await Promise.all([TestBackend.start('a'), TestBackend.start('b')]);
    let moveOn!: () => void;
    const answered = new Promise<void>((resolve) => (moveOn = resolve));
    registerAddressSource('moving', async function* () {
      yield [a.address];
      await answered;
      yield [a.address, b.address];
      await new Promise(() => {});
    });
    const client = echoClient('moving:///shop', roundRobin());
    const seen = new Set<string>();
    await client.until((answer) => {
      moveOn();
      return seen.add(answer).has('b');
    });
    expect([...seen]).toEqual(['a', 'b']);
    client.close();
    for (const backend of [a, b]) backend.kill();
  });
});
