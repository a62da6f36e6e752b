import { connectivityState, status, type Client } from '@grpc/grpc-js';
import { isError } from '../core/base/is-error.js';
import { StatusError, isStatusError } from '../core/status/status-error.js';

const CALLER = '\nfor call at\n';

/** A failed call's error, whose stack shows the line that made the call: grpc-js notes it below its own. */
export function callError(error: unknown): StatusError {
  const failure = StatusError.from(error);
  const stack = isError(error) && failure !== error ? (error.stack ?? '') : '';
  const caller = stack.indexOf(CALLER);
  if (caller >= 0) failure.stack = `${failure.name}: ${failure.message}\n${stack.slice(caller + CALLER.length)}`;
  return failure;
}

/** The error of a call that its own caller broke off: a request iterable, or a callback of the options, threw. */
export function brokenOff(what: string, cause: unknown): StatusError {
  return isStatusError(cause) ? cause : new StatusError(status.CANCELLED, `Cancelled: ${what} threw`, { cause });
}

/** The error of a call whose signal aborted. */
export function aborted(signal: AbortSignal): StatusError {
  return new StatusError(status.CANCELLED, 'Cancelled: the signal was aborted', { cause: signal.reason });
}

/** The error of a call that could not be made: an interceptor failed it at once, or the client is closed. */
export function notStarted(client: Client, cause: unknown): StatusError {
  if (typeof (cause as { code?: unknown } | undefined)?.code === 'number') return callError(cause);
  const closed = client.getChannel().getConnectivityState(false) === connectivityState.SHUTDOWN;
  return closed
    ? new StatusError(status.UNAVAILABLE, 'The channel is closed', { cause })
    : new StatusError(status.INTERNAL, 'The call could not be made', { cause });
}
