import { status, type ServerInterceptor } from '@grpc/grpc-js';
import type { ServerCallContext } from '../core/context.js';
import { defineServerInterceptor } from '../core/define.js';
import { explained } from '../core/description.js';
import type { ServerHooks } from '../core/hooks.js';
import { setLinger } from '../core/server/server-call.js';
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
  /**
   * How long a client may take nothing of what was written for it once its call has a status, in ms. Then the call ends
   * with CANCELLED and its stream is reset, so that a client that stops reading cannot keep the call. A client that
   * takes bytes may take its time.
   *
   * @default 30_000
   */
  readonly lingerMs?: number;
}

/** Options as they are used. `lingerMs` stays undefined where the core's own default holds. */
type Bounds = Required<Omit<DeadlineServerOptions, 'lingerMs'>> & Pick<DeadlineServerOptions, 'lingerMs'>;

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
  const { defaultMs, minMs, maxMs, lingerMs } = bounds;
  const interceptor = defineServerInterceptor('deadlines', () => (call) => {
    const allowedMs = call.deadline === Infinity ? Math.min(defaultMs, maxMs) : maxMs;
    if (lingerMs !== undefined) setLinger(call, lingerMs);
    call.limitDeadline(call.startedAt + allowedMs);
    return minMs > 0 && call.deadline - Date.now() < minMs ? new Refusal(call, minMs) : undefined;
  });
  return explained(interceptor, () => explain(bounds));
}

/** For `describeServer`: `default 5 s, at most 30 s`. */
function explain({ defaultMs, minMs, maxMs, lingerMs }: Bounds): string {
  const parts = [
    Number.isFinite(defaultMs) && `default ${timeText(defaultMs)}`,
    Number.isFinite(maxMs) && `at most ${timeText(maxMs)}`,
    minMs > 0 && `refused with less than ${timeText(minMs)} left`,
    lingerMs !== undefined && `given up after ${timeText(lingerMs)} without reading`,
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

function boundsOf(options: DeadlineServerOptions): Bounds {
  const check = optionsOf('deadlineServerInterceptor', options, ['defaultMs', 'minMs', 'maxMs', 'lingerMs']);
  const maxMs = check.number('maxMs', { min: 1, max: Infinity, fallback: Infinity });
  const defaultMs = check.number('defaultMs', { min: 1, max: Infinity, fallback: maxMs });
  const minMs = check.number('minMs', { min: 0, fallback: 0 });
  if (minMs > maxMs) throw check.error('minMs', `at most maxMs (${maxMs})`, minMs);
  if (minMs > defaultMs) throw check.error('minMs', `at most defaultMs (${defaultMs})`, minMs);
  const lingerMs = options.lingerMs === undefined ? undefined : check.number('lingerMs', { min: 1, fallback: 30_000 });
  return { defaultMs, minMs, maxMs, lingerMs };
}
