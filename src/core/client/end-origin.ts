import { status, type StatusObject } from '@grpc/grpc-js';
import { madeByGrpcJs } from './grpc-client-internals.js';
import type { EndOrigin } from '../hooks.js';

/** What a pass knows of a client call that ends. */
export interface ClientFacts {
  /** Who asked the layer below to end the call, if any side did. */
  readonly asked: EndOrigin | undefined;
  /** Response headers had come. */
  readonly heard: boolean;
  readonly call: { readonly expired: boolean };
}

/** Who chose a status that came from below: grpc-js gives its own and the other end's in the same way. */
export function originOf({ code, details, metadata }: StatusObject, { asked, heard, call }: ClientFacts): EndOrigin {
  if (asked !== undefined && (asked !== 'cancelled' || code === status.CANCELLED)) return asked;
  if (code === status.OK) return 'peer';
  if (code === status.DEADLINE_EXCEEDED && call.expired) return 'deadline';
  if (madeByGrpcJs(details)) return 'transport';
  // Headers, or the trailers of a Trailers-Only answer: something did come from the other end.
  const answered = heard || Object.keys(metadata?.toJSON() ?? {}).length > 0;
  return answered ? 'peer' : 'transport';
}

/** Who chose an end that an interceptor asked for. */
export function originOfEnd(code: status): EndOrigin {
  if (code === status.CANCELLED) return 'cancelled';
  return code === status.DEADLINE_EXCEEDED ? 'deadline' : 'interceptor';
}
