import { Metadata, type status } from '@grpc/grpc-js';
import { withoutStack } from '../core/base/without-stack.js';
import { errorDetail } from '../core/status/details.js';
import type { ServerHooks } from '../core/hooks.js';
import { StatusError } from '../core/status/status-error.js';

/** The trailer of gRFC A6 by which a server says when to come back: an int32 in ms. */
export const PUSHBACK_KEY = 'grpc-retry-pushback-ms';

/** The largest int32; no refusal asks for more. */
const MAX_DELAY_MS = 2 ** 31 - 1;

/** How many refusals of one text are kept, one per delay. */
const MAX_KEPT = 1_000;

/**
 * The refusals of one interceptor: every one says when to come back, as RetryInfo and as pushback. Under overload a server
 * refuses far more than it serves, so a refusal must cost little: it is made once per delay and thrown again and again.
 */
export class Refusals {
  private readonly kept = new Map<number, StatusError>();

  /** @param text What the caller is told; the delay is added to it. It must not hold keys or other secrets. */
  constructor(
    private readonly code: status,
    private readonly text: string,
  ) {}

  /** The refusal of a caller who may come back after this time: whole ms, rounded up, since earlier would be in vain. */
  after(delayMs: number): StatusError {
    const wholeMs = wholeDelay(delayMs);
    const found = this.kept.get(wholeMs);
    if (found !== undefined) return found;
    if (this.kept.size >= MAX_KEPT) this.kept.clear();
    const made = this.make(wholeMs);
    this.kept.set(wholeMs, made);
    return made;
  }

  private make(retryDelayMs: number): StatusError {
    const metadata = new Metadata();
    metadata.set(PUSHBACK_KEY, String(retryDelayMs));
    const error = new StatusError(this.code, `${this.text}, retry in ${retryDelayMs} ms`, {
      metadata,
      errorDetails: [errorDetail.retryInfo({ retryDelayMs })],
    });
    // It will be thrown for other calls than this one: their stacks are not to blame.
    return withoutStack(error);
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
