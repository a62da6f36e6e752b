import { inspect } from 'node:util';
import type { CallKind } from '../core/method.js';
import { optionsOf } from '../core/base/options.js';
import type { StatusName } from '../core/status/status-name.js';
import type { EndOrigin } from '../core/hooks.js';

/** The part of an interceptor that ran. */
export type RecordedHook = 'admit' | 'onRequest' | 'onHeaders' | 'onResponse' | 'onError' | 'onStatus' | 'onEnd';

/** What an interceptor saw. */
export interface RecordedEvent {
  /** On which side it was seen. */
  readonly side: 'server' | 'client';
  /** The recorder's name, since a chain may have several. */
  readonly recorder: string;
  /** Which hook ran. */
  readonly hook: RecordedHook;
  /** The method's short name. */
  readonly method: string;
  /** Of the method. */
  readonly kind: CallKind;
  /** Of `onRequest` and `onResponse`. */
  readonly message?: unknown;
  /** Of `onStatus` and `onEnd`: `'OK'`, `'NOT_FOUND'`, … */
  readonly code?: StatusName;
  /** Of `onStatus` and `onEnd`. */
  readonly details?: string;
  /** Of `onEnd`. */
  readonly origin?: EndOrigin;
  /** Of `onEnd`: messages received. */
  readonly received?: number;
  /** Of `onEnd`: messages sent. */
  readonly sent?: number;
  /** Of `onError` and `onEnd`: what was thrown. */
  readonly error?: unknown;
}

/** Which events to look for: all that is given has to be equal, or the function has to say so. */
export type EventMatch = Partial<RecordedEvent> | ((event: RecordedEvent) => boolean);

/** Options of {@link EventLog.until}. */
export interface UntilOptions {
  /**
   * Which of the events that match: 1, 2, …
   *
   * @default 1
   */
  readonly nth?: number;
  /**
   * How long to wait, in milliseconds.
   *
   * @default 5_000
   */
  readonly timeoutMs?: number;
}

interface Waiter {
  readonly matches: (event: RecordedEvent) => boolean;
  readonly resolve: (event: RecordedEvent) => void;
  remaining: number;
}

/**
 * What the recorders of a test saw, in order, and a way to wait for it: a test that awaits the event it is about needs
 * no sleep, and fails with the events that came instead.
 */
export class EventLog implements Iterable<RecordedEvent> {
  private events: RecordedEvent[] = [];
  private readonly waiters = new Set<Waiter>();

  /** Adds an event; recorders do. */
  record(event: RecordedEvent): void {
    this.events.push(event);
    for (const waiter of this.waiters) {
      if (waiter.matches(event) && --waiter.remaining === 0) waiter.resolve(event);
    }
  }

  /** The events so far, in order. */
  [Symbol.iterator](): IterableIterator<RecordedEvent> {
    return this.events[Symbol.iterator]();
  }

  /** The events that match, in order; all when nothing is given. */
  list(match: EventMatch = {}): RecordedEvent[] {
    return this.events.filter(matcherOf(match));
  }

  /** The events that match in one line each, for comparisons: `'server echo onEnd OK'`. */
  lines(match: EventMatch = {}): string[] {
    return this.list(match).map(lineOf);
  }

  /**
   * The event that matches, whether it has come or will come; with `nth`, the second, third, … that does.
   *
   * @throws Error after `timeoutMs`, telling which events came.
   * @throws TypeError for a wrong option.
   */
  async until(match: EventMatch, options: UntilOptions = {}): Promise<RecordedEvent> {
    const check = optionsOf('EventLog.until', options, ['nth', 'timeoutMs']);
    const nth = check.number('nth', { min: 1, integer: true, fallback: 1 });
    const timeoutMs = check.milliseconds('timeoutMs', { min: 1, fallback: 5_000 });
    const matches = matcherOf(match);
    const past = this.events.filter(matches);
    if (past.length >= nth) return past[nth - 1]!;
    return await this.next(matches, nth - past.length, timeoutMs, match);
  }

  /** Forgets what came so far. */
  clear(): void {
    this.events = [];
  }

  private next(
    matches: Waiter['matches'],
    remaining: number,
    timeoutMs: number,
    match: EventMatch,
  ): Promise<RecordedEvent> {
    return new Promise((resolve, reject) => {
      const done = (): void => {
        clearTimeout(timer);
        this.waiters.delete(waiter);
      };
      const waiter: Waiter = { matches, remaining, resolve: (event) => (done(), resolve(event)) };
      const timer = setTimeout(() => {
        done();
        reject(new Error(`No event ${inspect(match)} within ${timeoutMs} ms; there were:\n${this.lines().join('\n')}`));
      }, timeoutMs);
      this.waiters.add(waiter);
    });
  }
}

function matcherOf(match: EventMatch): (event: RecordedEvent) => boolean {
  if (typeof match === 'function') return match;
  const wanted = Object.entries(match) as [keyof RecordedEvent, unknown][];
  return (event) => wanted.every(([name, value]) => event[name] === value);
}

function lineOf({ side, recorder, method, hook, code }: RecordedEvent): string {
  const parts = recorder === side ? [side] : [side, recorder];
  return [...parts, method, hook, ...(code === undefined ? [] : [code])].join(' ');
}
