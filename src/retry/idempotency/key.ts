import { status } from '@grpc/grpc-js';
import type { ServerCallContext } from '../../core/context.js';
import { StatusError } from '../../core/status/status-error.js';

/** Metadata key, named after the header of the IETF draft "The Idempotency-Key HTTP Header Field". */
export const IDEMPOTENCY_KEY = 'idempotency-key';

/** Visible characters. HTTP/2 gives several values as one, with commas between them. */
const POSSIBLE = /^[!-+\--~]{1,255}$/;

/**
 * The key that a call came with, if any.
 *
 * @throws StatusError when it has several, or an impossible one.
 */
export function keyOf(call: ServerCallContext): string | undefined {
  const values = call.metadata.get(IDEMPOTENCY_KEY);
  if (values.length === 0) return undefined;
  const key = values.join();
  if (POSSIBLE.test(key)) return key;
  throw new StatusError(
    status.INVALID_ARGUMENT,
    `${IDEMPOTENCY_KEY} must be one value of 1 to 255 characters, without spaces or commas`,
  );
}
