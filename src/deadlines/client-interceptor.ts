import { status, type Interceptor } from '@grpc/grpc-js';
import type { ClientCallContext, ServerCallContext } from '../core/context.js';
import { defineClientInterceptor } from '../core/define.js';
import { NO_DEFAULT, explained } from '../core/description.js';
import type { ClientHooks } from '../core/hooks.js';
import { optionsOf } from '../core/base/options.js';
import { StatusError } from '../core/status/status-error.js';
import { timeText } from '../core/base/time-text.js';
import { isListed, uncalled } from '../core/misplaced.js';
import { childrenOf, parentEnded } from './children.js';
import { budgetCall } from './detached.js';

/** Options of {@link deadlineClientInterceptor}. */
export interface DeadlineClientOptions {
  /**
   * How long a call may take that was given no deadline, in ms.
   *
   * @default Infinity
   */
  readonly defaultMs?: number;
  /**
   * What to keep of the current server call's time for its own work after the outgoing call, in ms. A call that would
   * begin with no more than this left is refused at once.
   *
   * @default 0
   */
  readonly reserveMs?: number;
  /**
   * Outgoing calls keep the deadline of the server call that they work for, less `reserveMs`, and end when it is
   * cancelled. {@link detached} opts out.
   *
   * @default true
   */
  readonly propagate?: boolean;
}

/**
 * The longest timeout that a grpc-js server reads rightly: it counts in 32 bits, and takes a longer one for one that has
 * passed. 2^31 ms less the second to which such timeouts are rounded up, 24.8 days.
 */
const LONGEST_MS = 2_147_483_000;

/**
 * A default deadline for outgoing calls, and the budget of the current server call: calls made while one is served, in
 * all four kinds, keep its deadline and end with it, with nothing passed on by hand. gRPC's guide on deadlines asks for
 * both; Java and Go do the second by themselves.
 *
 * @throws TypeError for a wrong option.
 * @example
 * const client = new StockClient(target, credentials, {
 *   interceptors: [deadlineClientInterceptor({ defaultMs: 2_000, reserveMs: 20 })],
 * });
 */
export function deadlineClientInterceptor(options: DeadlineClientOptions = {}): Interceptor {
  if (isListed(arguments)) return uncalled('deadlineClientInterceptor', arguments);
  const check = optionsOf('deadlineClientInterceptor', options, ['defaultMs', 'reserveMs', 'propagate']);
  const defaultMs = check.number('defaultMs', { min: 1, max: Infinity, fallback: Infinity });
  const reserveMs = check.number('reserveMs', { min: 0, max: LONGEST_MS, fallback: 0 });
  const propagate = check.boolean('propagate', true);
  const interceptor = defineClientInterceptor('deadlines', () => (call) => {
    if (call.deadline === Infinity) call.limitDeadline(call.startedAt + defaultMs);
    const parent = propagate ? budgetCall() : undefined;
    const hooks = parent === undefined ? undefined : spendBudget(parent, call, reserveMs);
    if (call.deadline !== Infinity) call.limitDeadline(Date.now() + LONGEST_MS);
    return hooks;
  });
  // For `describeClient`.
  const byDefault = Number.isFinite(defaultMs) ? `default ${timeText(defaultMs)}` : NO_DEFAULT;
  const budget = propagate
    ? `, within the server call's own${reserveMs > 0 ? ` less ${timeText(reserveMs)}` : ''}`
    : '';
  return explained(interceptor, () => byDefault + budget);
}

function spendBudget(parent: ServerCallContext, call: ClientCallContext, reserveMs: number): ClientHooks {
  if (parent.signal.aborted) return refusal(parentEnded(parent.signal.reason));
  const leftMs = parent.deadline - Date.now();
  if (leftMs <= reserveMs) return refusal(outOfTime(leftMs, reserveMs));
  call.limitDeadline(parent.deadline - reserveMs);
  const children = childrenOf(parent);
  children.add(call);
  return { onEnd: () => children.delete(call) };
}

function refusal(error: StatusError): ClientHooks {
  return {
    admit() {
      throw error;
    },
  };
}

function outOfTime(leftMs: number, reserveMs: number): StatusError {
  const left = `${Math.max(0, leftMs)} ms left of the call that this one works for`;
  const reserve = reserveMs > 0 ? `, ${reserveMs} ms of them in reserve` : '';
  return new StatusError(status.DEADLINE_EXCEEDED, `Deadline exceeded: ${left}${reserve}`);
}
