import { status, type StatusObject } from '@grpc/grpc-js';
import { findDetail } from '../core/status/find-detail.js';
import { PUSHBACK_KEY } from './refusal.js';

const DETAILS_KEY = 'grpc-status-details-bin';

/** No server may keep a breaker open for longer by what it says: a year would be a typing error. */
const MAX_DELAY_MS = 300_000;

/**
 * How long the server of a failed call asks its callers to stay away, in ms, by its pushback trailer or else by RetryInfo;
 * 0 when it asks nothing. A pushback that is malformed, or says "do not retry", names no time.
 */
export function serverDelayMs(given: StatusObject): number {
  if (given.code === status.OK) return 0;
  const pushback = given.metadata.get(PUSHBACK_KEY);
  if (pushback.length > 0) return pushback.length === 1 ? delayIn(pushback[0]) : 0;
  // Most failures carry no details; those that do are decoded.
  if (given.metadata.get(DETAILS_KEY).length === 0) return 0;
  return bounded(findDetail(given, 'retryInfo')?.retryDelayMs ?? 0);
}

function delayIn(text: unknown): number {
  return typeof text === 'string' && /^(0|[1-9]\d{0,9})$/.test(text) ? bounded(Number(text)) : 0;
}

function bounded(delayMs: number): number {
  return Math.min(Math.max(0, delayMs), MAX_DELAY_MS);
}
