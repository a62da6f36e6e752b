import type { Metadata } from '@grpc/grpc-js';

/** The trace that a call is part of, by the W3C's `traceparent`; empty when it is of none. */
export function traceIdOf(metadata: Metadata): string {
  return /^\w\w-(\w{32})-/.exec(String(metadata.get('traceparent')[0] ?? ''))?.[1] ?? '';
}

/** Says in the metadata of a call that its client tells of it, and who that is. */
export const CALLER = 'x-shop-caller';
