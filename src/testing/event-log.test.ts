import { describe, expect, test, vi } from 'vitest';
import { EventLog, type RecordedEvent } from './index.js';

const event = (fields: Partial<RecordedEvent> = {}): RecordedEvent => ({
  side: 'server',
  recorder: 'server',
  hook: 'admit',
  method: 'Echo',
  kind: 'unary',
  ...fields,
});

function logOf(...events: RecordedEvent[]): EventLog {
  const log = new EventLog();
  for (const each of events) log.record(each);
  return log;
}

describe('until', () => {
  test('gives an event that has come', async () => {
    const end = event({ hook: 'onEnd', code: 'OK' });
    expect(await logOf(event(), end).until({ hook: 'onEnd' })).toBe(end);
  });

  test('waits for an event that will come', async () => {
    const log = logOf(event());
    const waiting = log.until(({ hook, code }) => hook === 'onEnd' && code === 'ABORTED');
    log.record(event({ hook: 'onEnd', code: 'OK' }));
    const wanted = event({ hook: 'onEnd', code: 'ABORTED' });
    log.record(wanted);
    expect(await waiting).toBe(wanted);
  });

  test('counts what came and what comes', async () => {
    const log = logOf(event({ message: 1 }), event({ message: 2 }));
    expect(await log.until({}, { nth: 2 })).toMatchObject({ message: 2 });
    const fourth = log.until({ hook: 'admit' }, { nth: 4 });
    log.record(event({ message: 3 }));
    log.record(event({ hook: 'onEnd' }));
    log.record(event({ message: 4 }));
    expect(await fourth).toMatchObject({ message: 4 });
  });

  test('fails with what came instead', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const log = logOf(event(), event({ side: 'client', recorder: 'inner', hook: 'onEnd', code: 'OK' }));
    const failure = expect(log.until({ hook: 'onError' }, { timeoutMs: 100 })).rejects.toThrow(
      "No event { hook: 'onError' } within 100 ms; there were:\nserver Echo admit\nclient inner Echo onEnd OK",
    );
    await vi.advanceTimersByTimeAsync(100);
    await failure;
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
  });

  test('leaves no timer when it has its event', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
    const log = new EventLog();
    const waiting = log.until({});
    expect(vi.getTimerCount()).toBe(1);
    log.record(event());
    await waiting;
    expect(vi.getTimerCount()).toBe(0);
    vi.useRealTimers();
  });
});

test('lists, iterates and forgets', () => {
  const log = logOf(event(), event({ hook: 'onEnd', code: 'OK' }));
  expect(log.list({ code: 'OK' })).toHaveLength(1);
  expect(log.lines()).toEqual(['server Echo admit', 'server Echo onEnd OK']);
  expect([...log]).toEqual(log.list());
  log.clear();
  expect([...log]).toEqual([]);
});
