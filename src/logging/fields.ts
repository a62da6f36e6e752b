import type { CallContext } from '../core/context.js';
import { tryCurrentCall } from '../core/context.js';
import { sharedContextKey } from '../core/context-key.js';

/** Fields to add to a call's lines. */
export type LogFields = Readonly<Record<string, unknown>>;

/** What {@link addLogFields} has gathered for a call. */
export const logFieldsKey = sharedContextKey<LogFields | undefined>('log-fields', undefined);

/**
 * Adds fields to the lines that the logging interceptor writes for the present call, the one at its end above all. A
 * field that was added before is replaced. Outside a call, such as in a job that shares code with a handler, it does
 * nothing: logging never breaks what it describes.
 *
 * @param call The call, where the code does not run on behalf of one: in another interceptor, or on the client.
 * @example
 * async createOrder(request) {
 *   const order = await orders.create(request);
 *   addLogFields({ orderId: order.id });
 *   return order;
 * }
 */
export function addLogFields(fields: LogFields, call: CallContext | undefined = tryCurrentCall()): void {
  call?.set(logFieldsKey, { ...call.get(logFieldsKey), ...fields });
}
