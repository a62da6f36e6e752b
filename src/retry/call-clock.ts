import { propagate } from '@grpc/grpc-js';
import type { InterceptorOptions } from '../core/client/grpc-client-internals.js';

/**
 * How much of a call's deadline is left. The deadline is a time of day; what is left of it is counted by the clock that
 * never steps, so that a corrected clock neither ends a call early nor lets it retry for an hour.
 */
export class CallClock {
  private readonly endsAt: number;

  constructor(options: InterceptorOptions) {
    const deadline = deadlineOf(options);
    this.endsAt = deadline === Infinity ? Infinity : performance.now() + deadline - Date.now();
  }

  /** Infinity when there is no deadline. */
  get remainingMs(): number {
    return this.endsAt === Infinity ? Infinity : this.endsAt - performance.now();
  }

  /** The deadline for an attempt that starts now, by the time of day as it is now. */
  get deadline(): number {
    return this.endsAt === Infinity ? Infinity : Date.now() + this.remainingMs;
  }
}

function deadlineOf({
  deadline = Infinity,
  parent,
  propagate_flags: flags = propagate.DEFAULTS,
}: InterceptorOptions): number {
  if (parent === undefined || (flags & propagate.DEADLINE) === 0) return Number(deadline);
  return Math.min(Number(deadline), Number(parent.getDeadline()));
}
