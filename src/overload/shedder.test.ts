import { describe, expect, test } from 'vitest';
import { AdaptiveLimit } from './adaptive-limit.js';
import { simulate } from './fixtures/event-loop.js';
import { Priorities } from './priorities.js';

// 5 ms of CPU per call: 200 a second.
const base = { burnMs: 5, durationMs: 11_000 };
const unloaded = simulate({ ...base, ratePerSecond: 40 });

describe('an event loop in virtual time', () => {
  test('without shedding, four times the load leaves nothing that is answered in time', () => {
    expect(simulate({ ...base, ratePerSecond: 800, shed: false }).goodput).toBeLessThan(1);
  });

  test.each([1.2, 2, 4])('under %s times the load, what it can serve is served, and soon', (load) => {
    for (const seed of [1, 2, 3]) {
      const { goodput, p99 } = simulate({ ...base, ratePerSecond: 200 * load, seed });
      expect(goodput).toBeGreaterThan(175);
      expect(p99).toBeLessThan(5 * unloaded.p99);
    }
  });

  test('work that waits for something else before it needs the CPU is served too', () => {
    const { goodput, p99 } = simulate({ ...base, ratePerSecond: 800, ioMs: 50 });
    expect(goodput).toBeGreaterThan(120);
    expect(p99).toBeLessThan(150);
  });

  test('however many connections there are, the limit holds for all of them together', () => {
    const { goodput, p99 } = simulate({ ...base, ratePerSecond: 800, connections: 50 });
    expect(goodput).toBeGreaterThan(165);
    expect(p99).toBeLessThan(5 * unloaded.p99);
  });

  test('calls of 50 ms, each longer than the target, are served one after the other', () => {
    const { goodput } = simulate({ ...base, burnMs: 50, ratePerSecond: 80 });
    expect(goodput).toBeGreaterThan(18);
  });

  test('where there is room, nothing is refused, or a few calls of a burst', () => {
    expect(unloaded.refused).toBe(0);
    expect(simulate({ ...base, ratePerSecond: 120 }).refused).toBeLessThan(4);
    expect(simulate({ ...base, burnMs: 0.2, ioMs: 100, ratePerSecond: 2_000 }).refused).toBe(0);
  });

  test('the important calls are served, whatever else comes', () => {
    let index = 0;
    const { admitted, goodput } = simulate({
      ...base,
      durationMs: 21_000,
      ratePerSecond: 800,
      priority: () => (index++ % 10 === 0 ? 8 : 5),
    });
    expect(admitted[8]).toBeGreaterThan(0.8);
    expect(admitted[5]).toBeLessThan(0.25);
    expect(goodput).toBeGreaterThan(170);
  });

  test('the less important come back once the important ones are fewer', () => {
    let index = 0;
    const { admitted, goodput } = simulate({
      ...base,
      durationMs: 21_000,
      ratePerSecond: 400,
      priority: () => (index++ < 2_000 || index % 20 === 0 ? 8 : 2),
      warmUpMs: 11_000,
    });
    expect(admitted[8]).toBeGreaterThan(0.8);
    expect(goodput).toBeGreaterThan(170);
  });
});

describe('the limit', () => {
  const busy = { served: 4, peak: 10, limited: false };
  const late = { delayMs: 30, elapsedMs: 40 };
  const calm = { delayMs: 0, elapsedMs: 10 };

  test('a delay that goes by within 100 ms is a burst', () => {
    const adaptive = new AdaptiveLimit(10);
    adaptive.observe(late, busy);
    adaptive.observe(late, busy);
    adaptive.observe(calm, busy);
    adaptive.observe(late, busy);
    expect(adaptive.overloaded).toBe(false);
  });

  test('one that stays takes off as many calls as could be served in the delay too much', () => {
    const adaptive = new AdaptiveLimit(10);
    for (let i = 0; i < 20; i++) adaptive.observe({ delayMs: 0, elapsedMs: 100 }, { ...busy, served: 10 });
    for (let i = 0; i < 3; i++) adaptive.observe(late, busy);
    // 0.1 calls per ms, 20 ms too much: 2 of the 10.
    expect(adaptive.limit).toBeCloseTo(8, 1);
  });

  test('some calls are always let in, and a second of calm lifts the limit', () => {
    const adaptive = new AdaptiveLimit(10);
    for (let i = 0; i < 50; i++) adaptive.observe({ delayMs: 500, elapsedMs: 500 }, busy);
    expect(adaptive.limit).toBe(3);
    for (let i = 0; i < 200; i++) adaptive.observe(calm, { ...busy, limited: true });
    expect(adaptive.overloaded).toBe(true);
    for (let i = 0; i < 100; i++) adaptive.observe(calm, busy);
    expect(adaptive.overloaded).toBe(false);
  });

  test('a process that was stopped for an hour has learnt nothing from it', () => {
    const adaptive = new AdaptiveLimit(10);
    for (let i = 0; i < 5; i++) adaptive.observe({ delayMs: 50, elapsedMs: 50 }, busy);
    const { limit } = adaptive;
    adaptive.observe({ delayMs: 3_600_000, elapsedMs: 3_600_000 }, { served: 0, peak: 3, limited: false });
    expect(adaptive.limit).toBeGreaterThanOrEqual(2);
    expect(adaptive.limit).toBeLessThanOrEqual(limit);
    adaptive.observe({ delayMs: 0, elapsedMs: 5 }, { served: 3, peak: 3, limited: false });
    expect(Number.isFinite(adaptive.limit)).toBe(true);
  });
});

describe('the line between priorities', () => {
  const come = (priorities: Priorities, counts: Record<number, [came: number, admitted: number]>) => {
    for (const [priority, [came, admitted]] of Object.entries(counts)) {
      for (let i = 0; i < came; i++) priorities.count(Number(priority), i < admitted);
    }
    priorities.advance(200, true);
  };

  test('runs where the capacity ends', () => {
    const priorities = new Priorities();
    come(priorities, { 8: [10, 10], 5: [100, 30], 2: [100, 0] });
    expect(priorities.threshold).toBe(5);
  });

  test('comes down again once there is room', () => {
    const priorities = new Priorities();
    come(priorities, { 8: [100, 40], 2: [100, 0] });
    expect(priorities.threshold).toBe(8);
    come(priorities, { 8: [10, 10], 2: [100, 0] });
    expect(priorities.threshold).toBe(2);
  });

  test('comes down when unimportant calls come alone, though none of them was admitted', () => {
    const priorities = new Priorities();
    come(priorities, { 8: [100, 40], 2: [100, 0] });
    expect(priorities.threshold).toBe(8);
    come(priorities, { 2: [1, 0] });
    expect(priorities.threshold).toBe(2);
  });

  test('without an overload there is none', () => {
    const priorities = new Priorities();
    come(priorities, { 8: [100, 40], 2: [100, 0] });
    priorities.count(8, true);
    priorities.count(2, true);
    priorities.advance(200, false);
    expect(priorities.threshold).toBe(2);
  });

  test('what is below it is refused, though there be room for a moment', () => {
    let index = 0;
    const { admitted } = simulate({ ...base, ratePerSecond: 800, priority: () => [8, 5, 2][index++ % 3]! });
    expect(admitted[8]).toBeGreaterThan(0.5);
    expect(admitted[2]).toBeLessThan(0.02);
  });
});
