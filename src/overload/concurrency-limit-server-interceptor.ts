import { status, type ServerInterceptor } from '@grpc/grpc-js';
import type { ServerCallContext } from '../core/context.js';
import { defineServerInterceptor } from '../core/define.js';
import { explained } from '../core/description.js';
import type { ServerHooks } from '../core/hooks.js';
import { onHandlerSettled, onStatusChosen } from '../core/server/server-call.js';
import { optionsOf } from '../core/base/options.js';
import type { StatusError } from '../core/status/status-error.js';
import { timeText } from '../core/base/time-text.js';
import { isListed, uncalled } from '../core/misplaced.js';
import { checkListeners } from './checks.js';
import { announcer, type Announce, type DecisionListeners } from './listeners.js';
import { Refusals, wholeDelay } from './refusal.js';
import { Slots, type Waiter } from './slots.js';

/** Options of {@link concurrencyLimitServerInterceptor}. */
export interface ConcurrencyLimitOptions extends DecisionListeners {
  /** How many calls may run at once, all methods together; at least 1. */
  readonly max: number;
  /**
   * How many more may wait for one of them to end, first come, first served.
   *
   * @default 0
   */
  readonly queue?: number;
  /**
   * How long a call may wait, in ms; then it is refused. A call that is cancelled, or whose deadline passes, leaves at
   * once.
   *
   * @default 1000
   */
  readonly queueTimeoutMs?: number;
  /**
   * Decides and reports, and refuses nothing: what does not fit runs at once, beyond the limit.
   *
   * @default false
   */
  readonly dryRun?: boolean;
  /**
   * Keeps the slot of a call that was cancelled or expired until its handler has returned, thrown or answered, since it
   * still works. A handler that never does keeps its slot forever.
   *
   * @default false
   */
  readonly holdUntilSettled?: boolean;
}

/** A concurrency limit: put it on the server, and read off how busy it is. */
export interface ConcurrencyLimit extends ServerInterceptor {
  /** Calls that run now. */
  readonly running: number;
  /** Calls that wait now. */
  readonly queued: number;
}

const OWNER = 'concurrencyLimitServerInterceptor';
const NAME = 'concurrency-limit';
const NAMES = ['max', 'queue', 'queueTimeoutMs', 'dryRun', 'holdUntilSettled', 'onDecision', 'observer'] as const;

/** A caller that is sent away comes back no sooner, and is not kept away longer, whatever the estimate says. */
const [MIN_DELAY_MS, MAX_DELAY_MS] = [10, 10_000];

/**
 * Bounds how many calls run at once. What does not fit waits in a bounded queue or is refused with UNAVAILABLE, which
 * says that another server may have room, unlike RESOURCE_EXHAUSTED, which blames the caller; it comes with google.rpc
 * `RetryInfo` and with `grpc-retry-pushback-ms` (gRFC A6).
 *
 * A slot is held from admission until the call's status is chosen: by the handler, an interceptor, a deadline or a
 * cancellation. A client that does not read its response cannot keep it. Streams that stay open for long hold theirs as
 * long: leave them out with `exceptMethods`.
 *
 * @throws TypeError for a wrong option.
 * @example
 * forMethods('shop.ReportService/*', concurrencyLimitServerInterceptor({ max: 4, queue: 20, queueTimeoutMs: 500 }))
 */
export function concurrencyLimitServerInterceptor(options: ConcurrencyLimitOptions): ConcurrencyLimit {
  if (isListed(arguments)) return uncalled('concurrencyLimitServerInterceptor', arguments);
  const check = optionsOf(OWNER, options, NAMES);
  checkListeners(check);
  const max = check.number('max', { min: 1, max: Number.MAX_SAFE_INTEGER, integer: true });
  const queue = check.number('queue', { min: 0, max: 1_000_000, integer: true, fallback: 0 });
  const queueTimeoutMs = check.milliseconds('queueTimeoutMs', { min: 1, fallback: 1_000 });
  const dryRun = check.boolean('dryRun', false);
  const holdUntilSettled = check.boolean('holdUntilSettled', false);
  const slots = new Slots(max, queue);
  const gate: Gate = {
    slots,
    queueTimeoutMs,
    dryRun,
    holdUntilSettled,
    announce: announcer('concurrency', NAME, options),
    refusals: new Refusals(status.UNAVAILABLE, 'Too many calls run on this server, please retry later'),
    meanMs: 100,
  };
  const interceptor = defineServerInterceptor(NAME, () => (call) => new Admission(call, gate));
  const waiting = queue > 0 ? `, ${queue} waiting up to ${timeText(queueTimeoutMs)}` : '';
  const text = `${max} at once${waiting}${dryRun ? ', dry run' : ''}`;
  return Object.defineProperties(
    explained(interceptor, () => text),
    {
      running: { get: () => slots.running },
      queued: { get: () => slots.queued },
    },
  ) as ConcurrencyLimit;
}

/** What all calls of one limit share. */
interface Gate {
  readonly slots: Slots;
  readonly queueTimeoutMs: number;
  readonly dryRun: boolean;
  readonly holdUntilSettled: boolean;
  readonly announce: Announce | undefined;
  readonly refusals: Refusals;
  /** How long a call holds its slot, on a moving average. */
  meanMs: number;
}

/** One call's way through the gate: its slot is given back exactly once, and so is its place in the queue. */
class Admission implements ServerHooks, Waiter {
  private state: 'outside' | 'waiting' | 'running' = 'outside';
  private since = 0;
  private timer: NodeJS.Timeout | undefined;
  private enter!: () => void;

  constructor(
    private readonly call: ServerCallContext,
    private readonly gate: Gate,
  ) {}

  admit(): void | Promise<void> {
    const { slots, dryRun } = this.gate;
    if (slots.take()) return this.begin();
    if (dryRun) return this.pretend();
    if (slots.wait(this)) return this.wait();
    throw this.refusal();
  }

  granted(): void {
    clearTimeout(this.timer);
    this.begin();
    this.enter();
  }

  onEnd(): void {
    if (this.state === 'running') {
      if (!this.gate.holdUntilSettled) this.giveBack();
      return;
    }
    if (this.state === 'waiting') {
      clearTimeout(this.timer);
      this.gate.slots.leave(this);
    }
    this.state = 'outside';
  }

  /** A status was chosen, or the handler has settled: the slot is for others. */
  private giveBack(): void {
    const { state, gate } = this;
    if (state !== 'running') return;
    this.state = 'outside';
    gate.meanMs += (performance.now() - this.since - gate.meanMs) * 0.1;
    gate.slots.release();
  }

  /** In a dry run, whoever runs beyond the limit stands for one who would wait. */
  private pretend(): void {
    const { slots, announce } = this.gate;
    const full = slots.running >= slots.max + slots.maxWaiting;
    slots.takeAnyway();
    if (full) announce?.(this.call, 'would_refuse', wholeDelay(this.expectedWaitMs()));
    else announce?.(this.call, 'admitted', 0);
    this.run();
  }

  private wait(): Promise<void> {
    this.state = 'waiting';
    return new Promise((resolve, reject) => {
      this.enter = resolve;
      this.timer = setTimeout(() => {
        this.state = 'outside';
        this.gate.slots.leave(this);
        reject(this.refusal());
      }, this.gate.queueTimeoutMs).unref();
    });
  }

  private begin(): void {
    this.gate.announce?.(this.call, 'admitted', 0);
    this.run();
  }

  private run(): void {
    this.state = 'running';
    this.since = performance.now();
    // Not at the call's end: a client that takes nothing of its response would keep the slot.
    const moment = this.gate.holdUntilSettled ? onHandlerSettled : onStatusChosen;
    moment(this.call, () => this.giveBack());
  }

  private refusal(): StatusError {
    const delayMs = this.expectedWaitMs();
    this.gate.announce?.(this.call, 'refused', wholeDelay(delayMs));
    return this.gate.refusals.after(delayMs);
  }

  /** How long it takes, at the present pace, until all that wait have a slot and one is free (Little's law). */
  private expectedWaitMs(): number {
    const { slots, meanMs } = this.gate;
    const estimate = (meanMs * (slots.queued + 1)) / slots.max;
    return Math.round(Math.min(Math.max(estimate, MIN_DELAY_MS), MAX_DELAY_MS));
  }
}
