import { status, type ServerInterceptor } from '@grpc/grpc-js';
import type { ServerCallContext } from '../core/context.js';
import { defineServerInterceptor } from '../core/define.js';
import { explained } from '../core/description.js';
import type { ServerHooks } from '../core/hooks.js';
import { optionsOf } from '../core/base/options.js';
import { withoutStack } from '../core/base/without-stack.js';
import { StatusError } from '../core/status/status-error.js';
import { timeText } from '../core/base/time-text.js';
import { isListed, uncalled } from '../core/misplaced.js';

/** Options of {@link deadlineServerInterceptor}. */
export interface DeadlineServerOptions {
  /**
   * How long a call may take whose client set no deadline, in ms.
   *
   * @default maxMs
   */
  readonly defaultMs?: number;
  /**
   * A call with less time left is refused before its handler runs, in ms: it could not finish, and the work would be in
   * vain.
   *
   * @default 0
   */
  readonly minMs?: number;
  /**
   * The longest that any call may take, in ms, whatever its client asked for. More than setTimeout's 24.8 days works.
   *
   * @default Infinity
   */
  readonly maxMs?: number;
}

/**
 * Bounds how long calls may take. The time counts from a call's arrival; when it is up, the client gets
 * DEADLINE_EXCEEDED and the handler's `signal` aborts. A client's own shorter deadline stays as it is: it travels as
 * `grpc-timeout` (gRPC over HTTP/2).
 *
 * @throws TypeError for a wrong option, and for bounds that no call could meet.
 * @example
 * const server = new Server({ interceptors: [deadlineServerInterceptor({ defaultMs: 5_000, maxMs: 30_000 })] });
 */
export function deadlineServerInterceptor(options: DeadlineServerOptions = {}): ServerInterceptor {
  if (isListed(arguments)) return uncalled('deadlineServerInterceptor', arguments);
  const bounds = boundsOf(options);
  const { defaultMs, minMs, maxMs } = bounds;
  const interceptor = defineServerInterceptor('deadlines', () => (call) => {
    const allowedMs = call.deadline === Infinity ? Math.min(defaultMs, maxMs) : maxMs;
    call.limitDeadline(call.startedAt + allowedMs);
    return minMs > 0 && call.deadline - Date.now() < minMs ? new Refusal(call, minMs) : undefined;
  });
  return explained(interceptor, () => explain(bounds));
}

/** For `describeServer`: `default 5 s, at most 30 s`. */
function explain({ defaultMs, minMs, maxMs }: Required<DeadlineServerOptions>): string {
  const parts = [
    Number.isFinite(defaultMs) && `default ${timeText(defaultMs)}`,
    Number.isFinite(maxMs) && `at most ${timeText(maxMs)}`,
    minMs > 0 && `refused with less than ${timeText(minMs)} left`,
  ];
  return parts.filter(Boolean).join(', ') || 'no bounds';
}

class Refusal implements ServerHooks {
  constructor(
    private readonly call: ServerCallContext,
    private readonly minMs: number,
  ) {}

  admit(): never {
    const leftMs = Math.max(0, this.call.deadline - Date.now());
    const details = `Deadline exceeded: ${leftMs} ms left, this server needs ${this.minMs} ms`;
    throw withoutStack(new StatusError(status.DEADLINE_EXCEEDED, details));
  }
}

function boundsOf(options: DeadlineServerOptions): Required<DeadlineServerOptions> {
  const check = optionsOf('deadlineServerInterceptor', options, ['defaultMs', 'minMs', 'maxMs']);
  const maxMs = check.number('maxMs', { min: 1, max: Infinity, fallback: Infinity });
  const defaultMs = check.number('defaultMs', { min: 1, max: Infinity, fallback: maxMs });
  const minMs = check.number('minMs', { min: 0, fallback: 0 });
  if (minMs > maxMs) throw check.error('minMs', `at most maxMs (${maxMs})`, minMs);
  if (minMs > defaultMs) throw check.error('minMs', `at most defaultMs (${defaultMs})`, minMs);
  return { defaultMs, minMs, maxMs };
}
