import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { HealthService } from './health-service.js';
import type { HealthServiceOptions } from './health-service-options.js';
import type { ProbeResult } from './probe.js';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'performance'] });
});

let health: HealthService | undefined;
afterEach(() => {
  health?.close();
  vi.useRealTimers();
});

/** A service with its probes, as text: `a=SERVING b=NOT_SERVING`. */
function start(options: HealthServiceOptions) {
  const changes: string[] = [];
  const results: ProbeResult[] = [];
  const made = (health = new HealthService({
    probeIntervalMs: 1_000,
    probeTimeoutMs: 300,
    onChange: ({ service, status }) => changes.push(`${service}=${status}`),
    onProbe: (result) => results.push(result),
    ...options,
  }));
  const shown = () => [...made.statuses()].map(([service, status]) => `${service}=${status}`).join(' ');
  return { health: made, changes, results, shown };
}

const pass = (ms: number) => vi.advanceTimersByTimeAsync(ms);

describe('a probe', () => {
  test('keeps its services down until it has passed for the first time', async () => {
    const { shown } = start({ services: { a: ['p'], b: [] }, probes: { p: async () => true } });
    expect(shown()).toBe('=SERVING a=NOT_SERVING b=SERVING');
    await pass(0);
    expect(shown()).toBe('=SERVING a=SERVING b=SERVING');
  });

  test('turns every service that names it, and no other', async () => {
    let works = true;
    const { shown, changes } = start({
      services: { '': ['db', 'queue'], a: ['db'], b: ['queue'], c: [] },
      probes: { db: async () => works, queue: async () => true },
    });
    await pass(0);
    changes.length = 0;
    works = false;
    await pass(1_000);
    expect(shown()).toBe('=NOT_SERVING a=NOT_SERVING b=SERVING c=SERVING');
    expect(changes).toEqual(['=NOT_SERVING', 'a=NOT_SERVING']);
  });

  test('is what every service of a list stands on, the server as a whole too', async () => {
    const { shown } = start({ services: ['a'], probes: { p: async () => false } });
    await pass(0);
    expect(shown()).toBe('=NOT_SERVING a=NOT_SERVING');
  });

  test('that flaps makes a change each time, and none in between', async () => {
    let run = 0;
    const { changes } = start({ probes: { p: async () => run++ % 2 === 0 } });
    await pass(4_500);
    expect(changes).toEqual(['=NOT_SERVING', '=SERVING', '=NOT_SERVING', '=SERVING', '=NOT_SERVING', '=SERVING']);
  });

  test.each([
    ['rejects', async () => Promise.reject(new Error('refused'))],
    [
      'throws',
      () => {
        throw new Error('refused');
      },
    ],
  ])('that %s has failed, with its error for the observer', async (_, probe) => {
    const { shown, results } = start({ probes: { p: probe } });
    await pass(0);
    expect(shown()).toBe('=NOT_SERVING');
    expect(results).toEqual([{ probe: 'p', passed: false, durationMs: 0, error: new Error('refused') }]);
  });

  test('that answers something else than true has failed', async () => {
    const { shown } = start({ probes: { p: async () => 'yes' as never } });
    await pass(0);
    expect(shown()).toBe('=NOT_SERVING');
  });

  test('that hangs fails by its timeout, has its signal aborted, and is not asked again while it hangs', async () => {
    const asked: AbortSignal[] = [];
    const answers: ((works: boolean) => void)[] = [];
    const { shown, results } = start({
      probes: {
        p: (signal) => {
          asked.push(signal);
          return asked.length === 1 ? Promise.resolve(true) : new Promise((resolve) => answers.push(resolve));
        },
      },
    });
    await pass(1_299);
    expect(shown()).toBe('=SERVING');
    expect(asked[1]!.aborted).toBe(false);
    await pass(1);
    expect(shown()).toBe('=NOT_SERVING');
    expect(asked[1]!.reason).toEqual(new Error("probe 'p' took longer than 300 ms"));
    await pass(5_000);
    expect(asked).toHaveLength(2);
    expect(results.at(-1)!.error).toEqual(new Error("probe 'p' still hangs from an earlier run"));
    answers[0]!(true);
    await pass(1_000);
    expect(asked).toHaveLength(3);
  });

  test('runs at once, and then apart from its siblings', async () => {
    const runs: string[] = [];
    const probe = (name: string) => async () => {
      runs.push(`${name}@${performance.now() - startedAt}`);
      return true;
    };
    const startedAt = performance.now();
    start({ probes: { a: probe('a'), b: probe('b'), c: probe('c'), d: probe('d') } });
    await pass(1_500);
    expect(runs).toEqual(['a@0', 'b@0', 'c@0', 'd@0', 'a@250', 'b@500', 'c@750', 'd@1000', 'a@1250', 'b@1500']);
  });
});

describe('setStatus on a service with probes', () => {
  test('needs both: the wish and the probes', async () => {
    let works = true;
    const { health, shown } = start({ services: { a: ['p'] }, probes: { p: async () => works } });
    await pass(0);
    health.setStatus('a', 'NOT_SERVING');
    await pass(1_000);
    expect(shown()).toBe('=SERVING a=NOT_SERVING');
    works = false;
    await pass(1_000);
    health.setStatus('a', 'SERVING');
    expect(shown()).toBe('=SERVING a=NOT_SERVING');
    works = true;
    await pass(1_000);
    expect(shown()).toBe('=SERVING a=SERVING');
  });
});

describe('shutdown and close', () => {
  test('hold services down whatever probes say; resume brings back what passes', async () => {
    let works = true;
    const { health, shown } = start({ services: { a: ['p'], b: [] }, probes: { p: async () => works } });
    await pass(0);
    health.shutdown();
    await pass(2_000);
    expect(shown()).toBe('=NOT_SERVING a=NOT_SERVING b=NOT_SERVING');
    works = false;
    await pass(1_000);
    health.resume();
    expect(shown()).toBe('=SERVING a=NOT_SERVING b=SERVING');
  });

  test('close stops the probes and aborts the one that runs', async () => {
    const asked: AbortSignal[] = [];
    const { health, results } = start({
      probes: {
        p: (signal) => {
          asked.push(signal);
          return new Promise(() => {});
        },
      },
    });
    health.close();
    await pass(10_000);
    expect(asked).toHaveLength(1);
    expect(asked[0]!.aborted).toBe(true);
    expect(results).toEqual([]);
  });

  test('no timer of ours keeps a process alive', () => {
    vi.useRealTimers();
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length;
    const before = timers();
    start({ probes: { p: () => new Promise(() => {}) } });
    expect(timers()).toBe(before);
  });
});
