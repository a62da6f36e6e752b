import type { CallContext } from '../core/context.js';
import type { Method } from '../core/method.js';

/** Which protection decided. */
export type OverloadKind = 'rate_limit' | 'concurrency' | 'load_shedding' | 'circuit_breaker';

/** What became of a call. `would_refuse`: a dry run admitted what would have been refused. */
export type OverloadVerdict = 'admitted' | 'refused' | 'would_refuse';

/** One decision about one call. */
export interface OverloadDecision {
  /** Which protection decided. */
  readonly kind: OverloadKind;
  /** What became of the call. */
  readonly decision: OverloadVerdict;
  /** Which method was called. */
  readonly method: Method;
  /** The call: of the server, or (circuit breaker) of the client. */
  readonly call: CallContext;
  /** When the caller may come back, in ms, as it was (or would have been) told; 0 when admitted. */
  readonly retryDelayMs: number;
}

/**
 * `forced_open` and `forced_closed` were chosen by an operator and stay until {@link CircuitBreaker.reset}.
 */
export type BreakerState = 'closed' | 'open' | 'half_open' | 'forced_open' | 'forced_closed';

/** A circuit breaker changed its state. */
export interface BreakerStateChange {
  /** Whose breaker it is: the interceptor's `key` of a call. */
  readonly key: string;
  /** The state before. */
  readonly from: BreakerState;
  /** The state from now on. */
  readonly to: BreakerState;
  /** Calls counted in the window until now, and how many of them had failed. */
  readonly calls: number;
  /** Those of `calls` that had failed. */
  readonly failures: number;
  /** How long it stays open before it lets a probe through, in ms; 0 in other states. */
  readonly openMs: number;
}

/** Follows all decisions of one or several interceptors: for metrics, mostly. Nothing it throws affects a call. */
export interface OverloadObserver {
  /** Told of every decision. */
  onDecision?(event: OverloadDecision): void;
  /** Told of every change of state of a circuit breaker. */
  onStateChange?(event: BreakerStateChange): void;
}
