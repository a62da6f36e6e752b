import { status, type StatusObject } from '@grpc/grpc-js';
import type { InterceptorOptions, NextCall } from '../core/client/grpc-client-internals.js';
import { whyNotMade } from '../core/client/not-made.js';
import { StatusError } from '../core/status/status-error.js';
import type { Attempt } from './attempt.js';
import type { GiveUpReason, HedgeEvent } from './events.js';
import type { ActiveHedging } from './hedging-options.js';
import { LogicalCall } from './logical-call.js';
import { serverDelayOf } from './server-delay.js';

/** A call that is made several times at once: the first attempt to answer becomes the call, the others are cancelled. */
export class HedgingCall extends LogicalCall {
  private timer: NodeJS.Timeout | undefined;
  /** Why no further hedge will be sent. */
  private stopped: GiveUpReason | undefined;
  private lastFailure: { readonly attempt: Attempt; readonly outcome: StatusObject } | undefined;

  constructor(
    private readonly policy: ActiveHedging,
    options: InterceptorOptions,
    nextCall: NextCall,
  ) {
    super(options, nextCall, policy.limits);
  }

  protected override begin(): void {
    if (this.launch() !== undefined) this.schedule(this.policy.delayMs, 'delay');
  }

  protected override failed(attempt: Attempt, outcome: StatusObject): void {
    this.lastFailure = { attempt, outcome };
    const reason = this.fatal(attempt, outcome);
    if (reason === undefined) {
      this.finishIfAlone();
    } else {
      this.stopped = reason;
      this.finish(attempt, outcome);
    }
  }

  protected override notMade(outcome: StatusObject): void {
    this.stop('channelClosed');
    if (this.running.length > 0) return;
    const { lastFailure } = this;
    if (lastFailure !== undefined && whyNotMade(outcome) === 'closed')
      this.finish(lastFailure.attempt, lastFailure.outcome);
    else if (this.launched === 0) this.finishSoon(outcome);
    else this.finish(undefined, outcome);
  }

  /** The attempt that has sent most becomes the call; while none runs, the next one will. */
  protected override overflow(): void {
    const [most] = this.running.toSorted((a, b) => b.next - a.next);
    if (most !== undefined) this.commit(most);
  }

  protected override settle(): void {
    clearTimeout(this.timer);
    this.timer = undefined;
  }

  protected override settled(outcome: StatusObject): void {
    const { policy, launched: attempts } = this;
    const { code } = outcome;
    if (code === status.OK) policy.throttles?.succeeded(this);
    else
      policy.onGiveUp?.({ ...this.subject, attempts, error: StatusError.from(outcome), reason: this.giveUpReason() });
    policy.onCallSettled?.({ ...this.subject, attempts, code, retryDelayMs: 0 });
  }

  /** Sees to what follows a failure. Answers why the call ends with it, or undefined when the other attempts go on. */
  private fatal(attempt: Attempt, outcome: StatusObject): GiveUpReason | undefined {
    const { policy } = this;
    const asked = serverDelayOf(outcome.metadata, () => StatusError.from(outcome));
    const refusal = asked !== undefined && 'refusal' in asked ? asked.refusal : undefined;
    const nonFatal = policy.nonFatal.has(outcome.code);
    const throttled = (nonFatal || refusal !== undefined) && policy.throttles?.failed(this) === false;
    if (!nonFatal) return refusal ?? 'notRetryable';
    if (refusal !== undefined) this.stop(refusal);
    else if (throttled) this.stop('throttled');
    else this.schedule(asked !== undefined && 'delayMs' in asked ? asked.delayMs : 0, 'failure');
    return undefined;
  }

  /** The next hedge in `delayMs`; those after it follow by the policy's delay. */
  private schedule(delayMs: number, reason: HedgeEvent['reason']): void {
    if (!this.mayHedge()) return;
    if (delayMs >= this.clock.remainingMs) {
      this.stop('deadline');
      return;
    }
    clearTimeout(this.timer);
    if (delayMs === 0) this.hedge(reason);
    else this.timer = setTimeout(() => this.hedge(reason), delayMs);
  }

  private hedge(reason: HedgeEvent['reason']): void {
    this.timer = undefined;
    const { policy } = this;
    if (policy.throttles?.allows(this) === false) {
      this.stop('throttled');
    } else {
      const attempt = this.launch();
      if (attempt === undefined) return;
      if (this.overflowed) this.commit(attempt);
      policy.onHedge?.({ ...this.subject, attempt: attempt.number, reason });
      this.schedule(policy.delayMs, 'delay');
    }
    this.finishIfAlone();
  }

  /** Others may still answer; when none runs, and none will follow, the last failure was the last word. */
  private finishIfAlone(): void {
    const { lastFailure } = this;
    if (lastFailure === undefined || this.running.length > 0 || this.timer !== undefined) return;
    this.finish(lastFailure.attempt, lastFailure.outcome);
  }

  private mayHedge(): boolean {
    if (this.launched >= this.policy.maxAttempts) this.stop('maxAttempts');
    return !this.ended && this.stopped === undefined && this.winner === undefined && this.cancelled === undefined;
  }

  private stop(reason: GiveUpReason): void {
    this.stopped ??= reason;
    this.settle();
  }

  private giveUpReason(): GiveUpReason {
    if (this.cancelled !== undefined) return 'cancelled';
    if (this.winner !== undefined) return this.overflowed ? 'bufferOverflow' : 'committed';
    return this.stopped ?? 'maxAttempts';
  }
}
