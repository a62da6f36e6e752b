import { status } from '@grpc/grpc-js';
import type { ClientCallContext } from '../core/context.js';
import type { CallEnd } from '../core/hooks.js';
import { optionsOf } from '../core/base/options.js';
import type { BreakerPolicy } from './breaker.js';
import { checkListeners } from './checks.js';
import { listenerOf } from '../core/shared/listeners.js';
import type { DecisionListeners } from './listeners.js';
import type { BreakerStateChange } from './observer.js';

/** A call that ended, for `isFailure`. */
export interface BreakerQuestion {
  /** The call. */
  readonly call: ClientCallContext;
  /** How it ended. */
  readonly end: CallEnd;
}

/** Options of `circuitBreakerClientInterceptor`. */
export interface CircuitBreakerOptions extends DecisionListeners {
  /**
   * Which breaker a call belongs to. Where it throws, or answers no string, the call belongs to its service's.
   *
   * @default the service
   * @example key: (call) => `${call.target} ${call.method.service}`
   */
  readonly key?: (call: ClientCallContext) => string;
  /**
   * Opens when at least this share of the calls in the window failed, above 0 and up to 1.
   *
   * @default 0.5
   */
  readonly failureRate?: number;
  /**
   * Fewer calls than this in the window say nothing.
   *
   * @default 10
   */
  readonly minimumCalls?: number;
  /**
   * How far back calls count, in ms.
   *
   * @default 20_000
   */
  readonly windowMs?: number;
  /**
   * How long it stays open before probes are let through, in ms, where the server did not say itself when to come back.
   *
   * @default 10_000
   */
  readonly openMs?: number;
  /**
   * How many probes have to succeed in half-open; as many run at once. One that fails opens it again.
   *
   * @default 1
   */
  readonly halfOpenCalls?: number;
  /**
   * Whether a call speaks against its server. Asked for every end but a cancelled call's and one that an interceptor of
   * this client chose. If it throws, the default decides.
   *
   * @default UNAVAILABLE, DEADLINE_EXCEEDED, INTERNAL, UNKNOWN and DATA_LOSS
   * @example isFailure: ({ end }) => end.code === status.UNAVAILABLE || end.durationMs > 2_000
   */
  readonly isFailure?: (question: BreakerQuestion) => boolean;
  /**
   * For how many keys breakers are kept; beyond it the one unused for the longest time is forgotten, unless it is forced.
   *
   * @default 1000
   */
  readonly maxKeys?: number;
  /**
   * Counts, changes its state and reports, and refuses nothing.
   *
   * @default false
   */
  readonly dryRun?: boolean;
  /** Told of every change of state. Nothing it throws affects a call. */
  readonly onStateChange?: (change: BreakerStateChange) => void;
}

const OWNER = 'circuitBreakerClientInterceptor';
/** The interceptor's name. */
export const NAME = 'circuit-breaker';
const NAMES = [
  'key',
  'failureRate',
  'minimumCalls',
  'windowMs',
  'openMs',
  'halfOpenCalls',
  'isFailure',
  'maxKeys',
  'dryRun',
  'onStateChange',
  'onDecision',
  'observer',
] as const;

/**
 * What a server that is in trouble answers. RESOURCE_EXHAUSTED is not among them: it tells one caller that its quota is
 * used up, and a breaker would keep it, and everybody else of the same key, from what the quota still allows.
 */
const FAILURES: ReadonlySet<status> = new Set([
  status.UNAVAILABLE,
  status.DEADLINE_EXCEEDED,
  status.INTERNAL,
  status.UNKNOWN,
  status.DATA_LOSS,
]);

/** Whether this code is a failure where the application does not decide. */
export const failsByDefault = (code: status): boolean => FAILURES.has(code);

/** Options with their defaults, all checked. */
export interface ActiveBreakerOptions {
  readonly policy: BreakerPolicy;
  readonly maxKeys: number;
  readonly dryRun: boolean;
  readonly key: CircuitBreakerOptions['key'];
  readonly isFailure: CircuitBreakerOptions['isFailure'];
}

/** @throws TypeError naming the first wrong option. */
export function activeOptions(options: CircuitBreakerOptions): ActiveBreakerOptions {
  const check = optionsOf(OWNER, options, NAMES);
  checkListeners(check);
  const { observer } = options;
  const onStateChange = check.optionalFunction('onStateChange');
  return {
    policy: {
      failureRate: check.number('failureRate', { above: 0, max: 1, fallback: 0.5 }),
      minimumCalls: check.number('minimumCalls', { min: 1, max: 1e9, integer: true, fallback: 10 }),
      windowMs: check.number('windowMs', { min: 100, max: 86_400_000, fallback: 20_000 }),
      openMs: check.number('openMs', { min: 1, max: 86_400_000, fallback: 10_000 }),
      halfOpenCalls: check.number('halfOpenCalls', { min: 1, max: 1_000, integer: true, fallback: 1 }),
      onStateChange: listenerOf(NAME, 'onStateChange', onStateChange, observer?.onStateChange?.bind(observer)),
    },
    maxKeys: check.number('maxKeys', { min: 1, max: 1_000_000, integer: true, fallback: 1_000 }),
    dryRun: check.boolean('dryRun', false),
    key: check.optionalFunction('key'),
    isFailure: check.optionalFunction('isFailure'),
  };
}
