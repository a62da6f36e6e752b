import { status, type StatusObject } from '@grpc/grpc-js';
import { madeByGrpcJs } from './grpc-client-internals.js';
import type { EndOrigin } from '../hooks.js';
import { TIMER_SLACK_MS } from '../base/timer.js';

/** What a pass knows of a client call that ends. */
export interface ClientFacts {
  /** Who asked for the end on this side, if anybody did. */
  readonly via: EndOrigin | undefined;
  /** Response headers had come. */
  readonly heard: boolean;
  readonly deadline: number;
}

/** Who chose a status that came from below: grpc-js gives its own and the other end's in the same way. */
export function originOf({ code, details, metadata }: StatusObject, { via, heard, deadline }: ClientFacts): EndOrigin {
  if (via !== undefined && (via !== 'cancelled' || code === status.CANCELLED)) return via;
  if (code === status.OK) return 'peer';
  if (code === status.DEADLINE_EXCEEDED && Date.now() >= deadline - TIMER_SLACK_MS) return 'deadline';
  if (madeByGrpcJs(details)) return 'transport';
  // Headers, or the trailers of a Trailers-Only answer: something did come from the other end.
  const answered = heard || Object.keys(metadata?.toJSON() ?? {}).length > 0;
  return answered ? 'peer' : 'transport';
}
