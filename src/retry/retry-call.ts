import { status, type StatusObject } from '@grpc/grpc-js';
import type { InterceptorOptions, NextCall } from '../core/client/grpc-client-internals.js';
import { whyNotMade } from '../core/client/not-made.js';
import { StatusError } from '../core/status/status-error.js';
import type { Attempt } from './attempt.js';
import { warnOfBuiltInRetry } from './double-retry.js';
import type { GiveUpReason } from './events.js';
import { LogicalCall } from './logical-call.js';
import type { ActiveRetry } from './options.js';
import { Failure, judge, type Verdict } from './verdict.js';

/** A call that is made again, one attempt after the other, until one is good or nothing speaks for another. */
export class RetryCall extends LogicalCall {
  private timer: NodeJS.Timeout | undefined;
  /** Since the start or the last pushback, which starts the backoff anew. */
  private retries = 0;
  private retryDelayMs = 0;
  private reason: GiveUpReason | undefined;
  private last: Failure | undefined;

  constructor(
    private readonly policy: ActiveRetry,
    options: InterceptorOptions,
    nextCall: NextCall,
  ) {
    super(options, nextCall, policy.limits);
  }

  protected override begin(): void {
    const attempt = this.launch();
    if (attempt === undefined) return;
    // Outgrown while it waited: nothing may be kept for yet another one.
    if (this.overflowed) this.commit(attempt);
    const { perAttemptTimeoutMs: limit } = this.policy;
    if (limit === undefined || attempt.over || this.winner !== undefined) return;
    attempt.timer = setTimeout(() => {
      attempt.timedOut = true;
      attempt.cancel(status.DEADLINE_EXCEEDED, `Attempt ${attempt.number} had no answer within ${limit} ms`);
    }, limit);
  }

  protected override failed(attempt: Attempt, outcome: StatusObject): void {
    if (attempt.number === 1) warnOfBuiltInRetry(outcome);
    const failure = new Failure(this.method, attempt, outcome);
    const verdict = judge(this.policy, failure, {
      call: this,
      retries: this.retries,
      remainingMs: this.clock.remainingMs,
    });
    if ('giveUp' in verdict) this.giveUp(attempt, outcome, verdict.giveUp);
    else this.retry(failure, verdict);
  }

  /** The attempt that runs becomes the call; while none runs, the next one will. */
  protected override overflow(): void {
    const [attempt] = this.running;
    if (attempt !== undefined) this.commit(attempt);
  }

  protected override settle(): void {
    clearTimeout(this.timer);
  }

  protected override settled(outcome: StatusObject): void {
    const { policy, launched: attempts, retryDelayMs } = this;
    const { code } = outcome;
    if (code === status.OK) policy.throttles?.succeeded(this);
    else
      policy.onGiveUp?.({ ...this.subject, attempts, error: StatusError.from(outcome), reason: this.giveUpReason() });
    policy.onCallSettled?.({ ...this.subject, attempts, code, retryDelayMs });
  }

  private retry(failure: Failure, { delayMs, delayFrom }: Extract<Verdict, { delayMs: number }>): void {
    const { attempt } = failure;
    this.retries = delayFrom === 'pushback' ? 0 : this.retries + 1;
    this.retryDelayMs += delayMs;
    this.last = failure;
    this.timer = setTimeout(() => this.begin(), delayMs);
    const reason = attempt.timedOut ? 'attemptTimeout' : 'status';
    const { onRetry } = this.policy;
    onRetry?.({ ...this.subject, attempt: attempt.number, error: failure.error, reason, delayMs, delayFrom });
  }

  /** What the server said last, if anything, says more than that the channel was closed meanwhile. */
  protected override notMade(outcome: StatusObject): void {
    this.reason = 'channelClosed';
    const { last } = this;
    if (last !== undefined && whyNotMade(outcome) === 'closed') this.finish(last.attempt, last.status);
    else if (this.launched === 0) this.finishSoon(outcome);
    else this.finish(undefined, outcome);
  }

  private giveUp(attempt: Attempt, outcome: StatusObject, reason: GiveUpReason): void {
    this.reason = reason;
    this.finish(attempt, outcome);
  }

  private giveUpReason(): GiveUpReason {
    if (this.reason !== undefined) return this.reason;
    if (this.cancelled !== undefined) return 'cancelled';
    return this.overflowed ? 'bufferOverflow' : 'committed';
  }
}
