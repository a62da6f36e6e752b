import type { StatusObject } from '@grpc/grpc-js';
import type { EndOrigin } from '../hooks.js';

/** How a call ends, made where that is decided, and given to the one entry that ends it. The first one counts. */
export interface Ending {
  readonly origin: EndOrigin;
  readonly status: StatusObject;
  /** What was thrown, if anything; it never travels. */
  readonly error?: unknown;
}
