import { status } from '@grpc/grpc-js';
import type { ServerCallContext } from '../../core/context.js';
import { identityKey } from '../../core/shared/identity.js';
import { matcher, type MethodMatch } from '../../core/match.js';
import type { Method } from '../../core/method.js';
import { optionsOf, type OptionChecker } from '../../core/base/options.js';
import { checkedCodes, type StatusCode } from '../../core/shared/retry-policy.js';
import { listenerOf, type Listener } from '../../core/shared/listeners.js';
import { memoryIdempotencyStore } from './memory-store.js';
import type { IdempotencyStore } from '../../core/shared/idempotency-store.js';

/**
 * What became of a call with a key.
 * - `run`: the handler runs for it.
 * - `replayed`: it was answered with the stored outcome.
 * - `coalesced`: it waited for the same call, running in this process, and was answered with its outcome.
 * - `keyReused`: refused, since the key belongs to another request.
 * - `runningElsewhere`: refused for now, since another process still runs it.
 * - `storeFailed`: the store failed or stalled; refused, or run all the same, as `onStoreFailure` says.
 * - `storeFull`: refused with RESOURCE_EXHAUSTED, since the store has no room for another key of this caller.
 * - `outcomeLost`: the store did not take the outcome of a finished call: it failed, had no room, or the run took longer
 *   than its lease.
 */
export type IdempotencyDecision =
  'run' | 'replayed' | 'coalesced' | 'keyReused' | 'runningElsewhere' | 'storeFailed' | 'storeFull' | 'outcomeLost';

/** Told to `onDecision`. The key is left out: it belongs to the caller. */
export interface IdempotencyEvent {
  /** Which method was called. */
  readonly method: Method;
  /** What became of the call. */
  readonly decision: IdempotencyDecision;
  /** What the store threw. */
  readonly error?: unknown;
}

/** Options of `idempotencyServerInterceptor`. */
export interface IdempotencyServerOptions {
  /** Which methods honour keys. Only unary ones can: others pass untouched, with a warning. */
  readonly methods: MethodMatch;
  /** Where outcomes are kept. Several processes need one that they share. @default memoryIdempotencyStore() */
  readonly store?: IdempotencyStore;
  /** For how long an outcome is replayed. @default 86_400_000 (a day) */
  readonly ttlMs?: number;
  /**
   * For how long a call that has not finished keeps its key: longer than any handler runs. After that another process may
   * run it, since this one must have died.
   *
   * @default 600_000
   */
  readonly leaseMs?: number;
  /** Refuses calls without a key. @default false */
  readonly requireKey?: boolean;
  /** Whose key it is. @default scheme, issuer and subject of the authenticated identity, so list authentication before */
  readonly caller?: (call: ServerCallContext) => string;
  /**
   * Failures that are the outcome for good, beside OK. Any other frees the key, so that the same call may run again.
   *
   * @default INVALID_ARGUMENT, NOT_FOUND, ALREADY_EXISTS, FAILED_PRECONDITION, OUT_OF_RANGE
   */
  readonly finalStatusCodes?: readonly StatusCode[];
  /** How long the store may take to answer. @default 1000 */
  readonly storeTimeoutMs?: number;
  /** How long a call waits for the same call in another process, before it is told to come back. @default 10_000 */
  readonly waitMs?: number;
  /**
   * What happens to calls while the store fails or stalls: UNAVAILABLE, or the handler runs without protection.
   *
   * @default 'refuse', since what must not happen twice must not happen unseen
   */
  readonly onStoreFailure?: 'refuse' | 'run';
  /** For metrics. Nothing it throws affects a call. */
  readonly onDecision?: (event: IdempotencyEvent) => void;
}

const names = [
  'methods',
  'store',
  'ttlMs',
  'leaseMs',
  'requireKey',
  'caller',
  'finalStatusCodes',
  'storeTimeoutMs',
  'waitMs',
  'onStoreFailure',
  'onDecision',
] as const;

const FINAL: readonly StatusCode[] = [
  'INVALID_ARGUMENT',
  'NOT_FOUND',
  'ALREADY_EXISTS',
  'FAILED_PRECONDITION',
  'OUT_OF_RANGE',
];

/** Options with their defaults, all checked. */
export interface ActiveIdempotency {
  readonly matches: (method: Method) => boolean;
  readonly store: IdempotencyStore;
  readonly ttlMs: number;
  readonly leaseMs: number;
  readonly requireKey: boolean;
  readonly caller: (call: ServerCallContext) => string;
  readonly final: ReadonlySet<status>;
  readonly storeTimeoutMs: number;
  readonly waitMs: number;
  readonly refuses: boolean;
  readonly onDecision: Listener<IdempotencyEvent> | undefined;
}

/** @throws TypeError naming the first impossible option. */
export function activeIdempotency(owner: string, options: IdempotencyServerOptions): ActiveIdempotency {
  const check = optionsOf(owner, options, names);
  const { finalStatusCodes = FINAL } = options;
  return {
    matches: matcher(options.methods, `${owner}: methods`),
    store: storeOf(check, options),
    ttlMs: check.number('ttlMs', { min: 1, max: Number.MAX_SAFE_INTEGER, fallback: 86_400_000 }),
    leaseMs: check.milliseconds('leaseMs', { min: 1, fallback: 600_000 }),
    requireKey: check.boolean('requireKey', false),
    caller: check.optionalFunction('caller') ?? authenticatedCaller,
    final: new Set([status.OK, ...checkedCodes(check, 'finalStatusCodes', finalStatusCodes, { allowEmpty: true })]),
    storeTimeoutMs: check.milliseconds('storeTimeoutMs', { min: 1, fallback: 1000 }),
    waitMs: check.milliseconds('waitMs', { min: 0, fallback: 10_000 }),
    refuses: check.oneOf('onStoreFailure', ['refuse', 'run'], 'refuse') === 'refuse',
    onDecision: listenerOf('idempotency', 'onDecision', check.optionalFunction('onDecision')),
  };
}

function storeOf(check: OptionChecker<IdempotencyServerOptions>, options: IdempotencyServerOptions): IdempotencyStore {
  if (options.store === undefined) return memoryIdempotencyStore();
  return check.having('store', 'an object with the methods claim, finish and release', 'claim', 'finish', 'release');
}

function authenticatedCaller(call: ServerCallContext): string {
  const identity = call.get(identityKey);
  if (identity === undefined) return '';
  // The same subject of another issuer is someone else.
  const { issuer } = identity as { readonly issuer?: unknown };
  if (typeof issuer === 'string') return JSON.stringify([identity.scheme, issuer, identity.subject]);
  return `${identity.scheme}:${identity.subject}`;
}
