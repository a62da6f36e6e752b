import { setTimeout as delay } from 'node:timers/promises';
import type { OrderRepository } from './repository.js';

/** How long an order may wait for its payment, unless ORDER_TTL says otherwise. */
export const ORDER_TTL_MS = 30 * 60_000;

const MIN_SWEEP_MS = 100;
const MAX_SWEEP_MS = 10_000;

/**
 * Cancels orders that are not paid in time, so that their pieces can be sold, until the shop closes. Every process that
 * takes orders does so: whichever comes first.
 */
export async function expireOrders(repository: OrderRepository, ttlMs: number, closing: AbortSignal): Promise<void> {
  const pauseMs = Math.min(MAX_SWEEP_MS, Math.max(MIN_SWEEP_MS, ttlMs / 10));
  while (!closing.aborted) {
    await repository.expire(ttlMs).catch(() => 0); // a database that is away for a moment: the next round does it
    await delay(pauseMs, undefined, { signal: closing, ref: false }).catch(() => undefined);
  }
}
