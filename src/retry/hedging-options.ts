import type { status } from '@grpc/grpc-js';
import { optionsOf } from '../core/base/options.js';
import { checkedAttempts, checkedCodes, type RetryThrottling, type StatusCode } from '../core/shared/retry-policy.js';
import type { CallSettledEvent, GiveUpEvent, HedgeEvent, RetryObserver } from './events.js';
import { listenerOf, type Listener } from '../core/shared/listeners.js';
import { bufferLimits, throttlesOf, type BufferOptions } from './options.js';
import type { BufferLimits } from './replay-buffer.js';
import type { ChannelThrottles } from './throttle.js';

/** Options of `hedgingClientInterceptor`, in the terms of gRFC A6. */
export interface HedgingOptions extends BufferOptions {
  /** How many attempts may run, the first included: an integer of at least 2, up to `maxAttemptsLimit`. */
  readonly maxAttempts: number;
  /** As for retry: more than this counts as this. @default 5 */
  readonly maxAttemptsLimit?: number;
  /** How long each further attempt waits for those before it; 0 sends all at once. @default 0 */
  readonly hedgingDelayMs?: number;
  /** Codes that leave the call to its other attempts, and send the next one at once. Any other ends it. @default [] */
  readonly nonFatalStatusCodes?: readonly StatusCode[];
  /** A token bucket per channel; a hedge is sent only while more than half of the tokens are left. @default none */
  readonly throttling?: RetryThrottling;
  /** Told of each attempt after the first. */
  readonly onHedge?: (event: HedgeEvent) => void;
  /** Told, once, of each call that fails, and why nothing more was tried. */
  readonly onGiveUp?: (event: GiveUpEvent) => void;
  /** For metrics. */
  readonly observer?: RetryObserver;
}

const optionNames = [
  'maxAttempts',
  'maxAttemptsLimit',
  'hedgingDelayMs',
  'nonFatalStatusCodes',
  'throttling',
  'maxBufferedMessages',
  'maxBufferedBytes',
  'onHedge',
  'onGiveUp',
  'observer',
] as const;

/** Options with their defaults, all checked. */
export interface ActiveHedging {
  readonly maxAttempts: number;
  readonly delayMs: number;
  readonly nonFatal: ReadonlySet<status>;
  readonly limits: BufferLimits;
  readonly throttles: ChannelThrottles | undefined;
  readonly onHedge: Listener<HedgeEvent> | undefined;
  readonly onGiveUp: Listener<GiveUpEvent> | undefined;
  readonly onCallSettled: Listener<CallSettledEvent> | undefined;
}

/** @throws TypeError naming the first impossible option. */
export function activeHedging(owner: string, options: HedgingOptions): ActiveHedging {
  const check = optionsOf(owner, options, optionNames);
  const { nonFatalStatusCodes = [] } = options;
  const observer = check.optionalObserver('observer', 'onHedge', 'onGiveUp', 'onCallSettled');
  // Without a fallback: hedging multiplies load, so how far is the caller's decision.
  check.number('maxAttempts', { min: 2, integer: true });
  return {
    maxAttempts: checkedAttempts(owner, check, options),
    delayMs: check.milliseconds('hedgingDelayMs', { min: 0, fallback: 0 }),
    nonFatal: new Set(checkedCodes(check, 'nonFatalStatusCodes', nonFatalStatusCodes, { allowEmpty: true })),
    limits: bufferLimits(check),
    throttles: throttlesOf(owner, options),
    onHedge: listenerOf('hedging', 'onHedge', check.optionalFunction('onHedge'), observer?.onHedge?.bind(observer)),
    onGiveUp: listenerOf('hedging', 'onGiveUp', check.optionalFunction('onGiveUp'), observer?.onGiveUp?.bind(observer)),
    onCallSettled: listenerOf('hedging', 'onCallSettled', observer?.onCallSettled?.bind(observer)),
  };
}
