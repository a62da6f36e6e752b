import { Metadata, type status } from '@grpc/grpc-js';
import { withoutStack } from '../core/base/without-stack.js';
import { errorDetail } from '../core/status/details.js';
import type { ServerHooks } from '../core/hooks.js';
import { StatusError } from '../core/status/status-error.js';

/** The trailer of gRFC A6 by which a server says when to come back: an int32 in ms. */
export const PUSHBACK_KEY = 'grpc-retry-pushback-ms';

/** The largest int32; no refusal asks for more. */
const MAX_DELAY_MS = 2 ** 31 - 1;

/**
 * The refusals of one interceptor: every one says when to come back, as RetryInfo and as pushback. Each caller gets an error
 * of its own, since what an `onError` adds to it for one caller must not reach another.
 */
export class Refusals {
  /** @param text What the caller is told; the delay is added to it. It must not hold keys or other secrets. */
  constructor(
    private readonly code: status,
    private readonly text: string,
  ) {}

  /** The refusal of a caller who may come back after this time: whole ms, rounded up, since earlier would be in vain. */
  after(delayMs: number): StatusError {
    const retryDelayMs = wholeDelay(delayMs);
    const metadata = new Metadata();
    metadata.set(PUSHBACK_KEY, String(retryDelayMs));
    const errorDetails = [errorDetail.retryInfo({ retryDelayMs })];
    const text = `${this.text}, retry in ${retryDelayMs} ms`;
    return withoutStack(new StatusError(this.code, text, { metadata, errorDetails }));
  }
}

/** A delay as it is sent. */
export function wholeDelay(delayMs: number): number {
  // A clock counts fractions inexactly: a millionth of a millisecond is none.
  return Math.min(Math.max(1, Math.ceil(delayMs - 1e-6)), MAX_DELAY_MS);
}

/** The hooks of a call that is refused. */
export class Refused implements ServerHooks {
  constructor(private readonly error: StatusError) {}

  admit(): never {
    throw this.error;
  }
}
