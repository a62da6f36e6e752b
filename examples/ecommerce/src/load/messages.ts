import type { Place } from '../plan.js';

/** What the process of a load is told: to begin, or to change its rate. */
export interface ToLoad {
  readonly place: Place;
  /** Of the capacity. */
  readonly times: number;
  /** Calls a second that are the capacity of any machine, however fast: more would meet the limit of one customer. */
  readonly maxCapacity: number;
}

/** What it tells, from time to time. */
export interface FromLoad {
  /** What it offers; 0 while it measures the capacity. */
  readonly callsPerSecond: number;
  /** What became of its calls since it told before. */
  readonly succeeded: number;
  /** By what protects the shop: RESOURCE_EXHAUSTED and UNAVAILABLE. */
  readonly refused: number;
  readonly failed: number;
}
