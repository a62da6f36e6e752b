import { sql as raw, type SQL } from 'drizzle-orm';
import type { OrderStatus } from '../../gen/ecommerce/order.js';
import type { StoredUpdate } from './repository.js';
import { orderUpdates } from './schema.js';

/** Announces a change in the statement that makes it, so that it is heard if, and only if, the change is. */
export type Announce = (update: Record<keyof Told, SQL>) => SQL;

/** Writes down what happened to an order: the part `told` of a statement, from which {@link TOLD} is announced. */
export function telling(orderId: number | SQL, status: OrderStatus, message: string, requestKey?: string): SQL {
  return raw`told as (
    insert into ${orderUpdates} (order_id, status, message, request_key)
    values (${orderId}, ${status}, ${message}, ${requestKey ?? null}) returning *
  )`;
}

/** What is announced of an update; under which key it was asked for is left out. */
export type Told = Omit<StoredUpdate, 'requestKey'>;

export const TOLD = {
  id: raw`told.id`,
  orderId: raw`told.order_id`,
  status: raw`told.status`,
  message: raw`told.message`,
  createdAt: raw`told.created_at`,
};
