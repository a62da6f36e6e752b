import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Breaker, type BreakerPolicy, type Pass } from './breaker.js';
import { BreakerTable } from './breaker-table.js';
import type { BreakerStateChange } from './observer.js';
import { SlidingWindow } from './sliding-window.js';

beforeEach(() => vi.useFakeTimers({ toFake: ['performance', 'Date'] }));
afterEach(() => vi.useRealTimers());

const pass = (ms: number) => vi.advanceTimersByTime(ms);

function breakerWith(policy: Partial<BreakerPolicy> = {}) {
  const changes: BreakerStateChange[] = [];
  const full: BreakerPolicy = {
    failureRate: 0.5,
    minimumCalls: 4,
    windowMs: 10_000,
    openMs: 5_000,
    halfOpenCalls: 1,
    onStateChange: (change) => void changes.push(change),
    ...policy,
  };
  const breaker = new Breaker('shop.Stock', full);
  const call = (failed: boolean, askedMs = 0) => breaker.settle(admitted(breaker), failed, askedMs);
  return { breaker, changes, call };
}

function admitted(breaker: Breaker): Pass {
  const answer = breaker.admit();
  if (typeof answer === 'number') throw new Error(`refused for ${answer} ms`);
  return answer;
}

describe('closed', () => {
  test('opens when enough calls were made, and enough of them failed', () => {
    const { breaker, changes, call } = breakerWith();
    for (const failed of [true, true, true]) call(failed);
    expect(breaker.state).toBe('closed');
    call(false);
    // A good end opens nothing, though three of four have failed.
    expect(breaker.state).toBe('closed');
    call(true);
    expect(breaker.state).toBe('open');
    expect(changes).toEqual([{ key: 'shop.Stock', from: 'closed', to: 'open', calls: 5, failures: 4, openMs: 5_000 }]);
  });

  test('failures that are few among many do not open it', () => {
    const { breaker, call } = breakerWith();
    for (let i = 0; i < 100; i++) call(i % 3 === 2);
    expect(breaker.state).toBe('closed');
  });

  test('what is older than the window does not count', () => {
    const { breaker, call } = breakerWith();
    for (const failed of [true, true, true]) call(failed);
    pass(10_000);
    call(true);
    expect([breaker.state, breaker.calls]).toEqual(['closed', 1]);
  });

  test('a call that says nothing counts for nothing', () => {
    const { breaker } = breakerWith({ minimumCalls: 1 });
    breaker.forget(admitted(breaker));
    expect([breaker.state, breaker.calls]).toEqual(['closed', 0]);
  });
});

describe('open', () => {
  test('refuses, and says how long it still is open; then the next call is a probe', () => {
    const { breaker, call } = breakerWith({ minimumCalls: 1 });
    call(true);
    expect(breaker.admit()).toBe(5_000);
    pass(4_999);
    expect(breaker.admit()).toBe(1);
    pass(1);
    expect(admitted(breaker).probe).toBe(true);
    expect(breaker.state).toBe('half_open');
  });

  test('the ends of calls that began before do not count any more', () => {
    const { breaker, call, changes } = breakerWith({ minimumCalls: 1 });
    const early = [admitted(breaker), admitted(breaker)];
    call(true);
    pass(5_000);
    const probe = admitted(breaker);
    breaker.settle(early[0]!, true, 0);
    breaker.settle(early[1]!, false, 0);
    expect(breaker.state).toBe('half_open');
    breaker.settle(probe, false, 0);
    expect(changes.map(({ to }) => to)).toEqual(['open', 'half_open', 'closed']);
  });

  test('a call from before the outage does not count after it either', () => {
    const { breaker, call } = breakerWith({ minimumCalls: 1 });
    const early = admitted(breaker);
    call(true);
    pass(5_000);
    breaker.settle(admitted(breaker), false, 0);
    breaker.settle(early, true, 0);
    expect([breaker.state, breaker.calls]).toEqual(['closed', 0]);
  });

  test('a server that says when to come back is left alone for as long, be it longer or shorter', () => {
    for (const askedMs of [2_000, 60_000]) {
      const { breaker, call } = breakerWith({ minimumCalls: 1 });
      call(true, askedMs);
      expect(breaker.admit()).toBe(askedMs);
    }
  });

  test('what was asked before counts, too: the latest time that any server of the key named', () => {
    const { breaker, call } = breakerWith({ minimumCalls: 3, openMs: 1_000 });
    call(true, 30_000);
    pass(5_000);
    call(true);
    call(true, 2_000);
    expect(breaker.admit()).toBeCloseTo(25_000, 6);
  });
});

describe('half-open', () => {
  function halfOpen(policy: Partial<BreakerPolicy> = {}) {
    const all = breakerWith({ minimumCalls: 1, ...policy });
    all.call(true);
    pass(5_000);
    return { ...all, probe: admitted(all.breaker) };
  }

  test('one probe at a time; the others are to come back soon', () => {
    const { breaker } = halfOpen();
    expect(breaker.admit()).toBe(1_000);
  });

  test('a probe that succeeds closes it, and the past is forgotten', () => {
    const { breaker, probe } = halfOpen();
    breaker.settle(probe, false, 0);
    expect([breaker.state, breaker.calls]).toEqual(['closed', 0]);
  });

  test('one that fails opens it again, for as long as the server asks', () => {
    const { breaker, probe } = halfOpen();
    breaker.settle(probe, true, 7_000);
    expect(breaker.state).toBe('open');
    expect(breaker.admit()).toBe(7_000);
  });

  test('one that says nothing makes room for the next', () => {
    const { breaker, probe } = halfOpen();
    breaker.forget(probe);
    expect(admitted(breaker).probe).toBe(true);
  });

  test('one that never ends does not keep the breaker from closing', () => {
    const { breaker } = halfOpen();
    pass(4_500);
    expect(breaker.admit()).toBe(500);
    pass(500);
    const second = admitted(breaker);
    breaker.settle(second, false, 0);
    expect(breaker.state).toBe('closed');
  });

  test('several probes run at once, and all of them have to succeed', () => {
    const { breaker, probe } = halfOpen({ halfOpenCalls: 3 });
    const others = [admitted(breaker), admitted(breaker)];
    expect(typeof breaker.admit()).toBe('number');
    breaker.settle(probe, false, 0);
    breaker.settle(others[0]!, false, 0);
    expect(typeof breaker.admit()).toBe('number');
    expect(breaker.state).toBe('half_open');
    breaker.settle(others[1]!, true, 0);
    expect(breaker.state).toBe('open');
  });
});

describe('forced', () => {
  test('open refuses until it is reset', () => {
    const { breaker, changes } = breakerWith();
    breaker.forceOpen();
    pass(1e9);
    expect(breaker.admit()).toBe(5_000);
    breaker.reset();
    expect(admitted(breaker).probe).toBe(false);
    expect(changes.map(({ from, to }) => `${from} ${to}`)).toEqual(['closed forced_open', 'forced_open closed']);
  });

  test('closed admits until it is reset, whatever becomes of the calls', () => {
    const { breaker, call } = breakerWith({ minimumCalls: 1 });
    breaker.forceClosed();
    for (let i = 0; i < 100; i++) call(true);
    expect(breaker.state).toBe('forced_closed');
    breaker.reset();
    call(true);
    expect(breaker.state).toBe('open');
  });

  test('a reset of a closed breaker forgets what was counted', () => {
    const { breaker, call } = breakerWith();
    call(true);
    breaker.reset();
    expect(breaker.calls).toBe(0);
  });
});

test('a system clock that steps back keeps no breaker open', () => {
  const { breaker, call } = breakerWith({ minimumCalls: 1 });
  call(true);
  vi.setSystemTime(new Date('2001-01-01'));
  pass(5_000);
  expect(admitted(breaker).probe).toBe(true);
});

describe('the table', () => {
  const policy = (): BreakerPolicy => ({
    failureRate: 0.5,
    minimumCalls: 1,
    windowMs: 1_000,
    openMs: 1_000,
    halfOpenCalls: 1,
    onStateChange: undefined,
  });

  test('forgets the breaker unused for the longest time, but never one that an operator forced', () => {
    const table = new BreakerTable(policy(), 2);
    table.get('a').forceOpen();
    const b = table.get('b');
    for (const key of ['c', 'd']) table.get(key);
    expect(table.get('a').state).toBe('forced_open');
    expect(table.get('b')).not.toBe(b);
    expect(table.list().length).toBeLessThanOrEqual(3);
  });
});

describe('the window', () => {
  test('loses its oldest tenth at a time', () => {
    const window = new SlidingWindow(1_000);
    for (let ms = 0; ms < 1_000; ms += 50) window.add(ms, ms % 100 === 0);
    expect([window.calls, window.failures]).toEqual([20, 10]);
    window.add(1_050, false);
    expect([window.calls, window.failures]).toEqual([19, 9]);
    window.add(1_549, true);
    expect([window.calls, window.failures]).toEqual([10, 5]);
  });

  test('is empty after a long silence', () => {
    const window = new SlidingWindow(1_000);
    window.add(10, true);
    window.add(1e9, false);
    expect([window.calls, window.failures]).toEqual([1, 0]);
  });

  test('a clock that steps back counts into the newest bucket', () => {
    const window = new SlidingWindow(1_000);
    window.add(5_000, true);
    window.add(100, true);
    expect(window.calls).toBe(2);
    window.add(5_950, false);
    expect(window.calls).toBe(3);
  });
});

test('an open breaker that the table forgets says that it is closed; one that was forced is kept', () => {
  const changes: BreakerStateChange[] = [];
  const table = new BreakerTable(
    {
      failureRate: 0.5,
      minimumCalls: 1,
      windowMs: 10_000,
      openMs: 5_000,
      halfOpenCalls: 1,
      onStateChange: (change) => void changes.push(change),
    },
    1,
  );
  const opened = table.get('a');
  opened.settle(admitted(opened), true, 0);
  table.get('b').forceOpen();
  table.get('c');
  expect(changes.map(({ key, to }) => `${key} ${to}`)).toEqual(['a open', 'a closed', 'b forced_open']);
  expect(table.get('b').forced).toBe(true);
});
