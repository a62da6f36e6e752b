import { Metadata, status, type StatusObject } from '@grpc/grpc-js';
import type { Ending } from '../pass/ending.js';
import { StatusError } from '../status/status-error.js';
import { noteOrigin } from '../status/status-origin.js';
import type { Destination } from './destination.js';

/** What grpc-js throws when a call is made on a closed channel. */
const SHUT_DOWN = 'Channel has been shut down';

/** Noted on the trailers of a status that stands for no call: a retry would meet the same again. */
const reason = Symbol.for('grpc-js-middleware/not-made@1');

/** Why a call could not be made: its channel is closed, or a layer below threw. */
export type NotMade = 'closed' | 'broken';

/** A status of this side; grpc-js copies its `cause` to the error that the application sees. */
type LocalStatus = StatusObject & { readonly cause: unknown };

/** The ending of a call for which a layer below threw, with what it threw in `cause`. */
export function notMade(cause: unknown, destination: Destination): Ending {
  const closed = (cause as Error | undefined)?.message === SHUT_DOWN || destination.shutDown;
  const error = closed
    ? new StatusError(status.UNAVAILABLE, 'The channel is closed', { cause })
    : new StatusError(status.INTERNAL, 'The call could not be made', { cause });
  const metadata = new Metadata();
  noteOrigin(metadata, { received: false, error });
  Reflect.defineProperty(metadata, reason, { value: closed ? 'closed' : 'broken' });
  const local: LocalStatus = { code: error.code, details: error.details, metadata, cause };
  return { origin: 'interceptor', status: local, error };
}

/** Why the call with this status was not made; undefined for one that was. */
export function whyNotMade({ metadata }: StatusObject): NotMade | undefined {
  return (metadata as { [reason]?: NotMade } | undefined)?.[reason];
}
