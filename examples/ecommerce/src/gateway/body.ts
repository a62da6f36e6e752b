import { status } from '@grpc/grpc-js';
import { StatusError } from 'grpc-js-middleware';
import type { Context } from 'hono';

/**
 * The JSON of a request.
 *
 * @throws StatusError INVALID_ARGUMENT, which does not repeat what was sent: it may be a card number.
 */
export async function jsonOf({ req }: Context): Promise<unknown> {
  const json: unknown = await req.json().catch(() => undefined);
  if (typeof json === 'object' && json !== null) return json;
  throw new StatusError(status.INVALID_ARGUMENT, 'The body must be a JSON object or array');
}
