import type { ServerInterceptor } from '@grpc/grpc-js';
import type { ServerCallContext } from '../core/context.js';
import { defineServerInterceptor } from '../core/define.js';
import { Running } from '../core/base/running.js';
import type { StatusError } from '../core/status/status-error.js';
import { isListed, uncalled } from '../core/misplaced.js';

/** A server interceptor that knows which calls are running. One per server: it counts the calls of the server that lists it. */
export type CallTracker = ServerInterceptor & {
  /** How many calls are running, of all four kinds. */
  readonly size: number;
  /**
   * Aborts when the server begins to drain. A handler of a stream without an end should then say goodbye and finish,
   * so that its client goes elsewhere before it is cut off.
   */
  readonly draining: AbortSignal;
  /** Says that the server drains; `draining` aborts. New calls are not refused: that is the server's part. */
  startDraining(): void;
  /** Ends every running call with this error. What a call has already answered stays. */
  endAll(error: StatusError): void;
};

/**
 * Keeps count of the running calls, for `shutdownGracefully`. List it first, so that it sees calls from their very
 * beginning.
 *
 * @example
 * const calls = trackCalls();
 * const server = new Server({ interceptors: [calls, ...others] });
 */
export function trackCalls(): CallTracker {
  if (isListed(arguments)) return uncalled('trackCalls', arguments);
  const running = new Running<ServerCallContext>();
  const drain = new AbortController();
  const interceptor = defineServerInterceptor('trackCalls', () => (call) => {
    const place = running.enter(call);
    return { onEnd: () => running.leave(place) };
  });
  return Object.defineProperties(interceptor, {
    size: { get: () => running.size },
    draining: { value: drain.signal },
    startDraining: { value: () => drain.abort(new Error('the server is draining')) },
    endAll: {
      value: (error: StatusError) => {
        for (const call of [...running]) call.end(error);
      },
    },
  }) as CallTracker;
}
