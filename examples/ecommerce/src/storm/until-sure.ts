import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { Metadata, status } from '@grpc/grpc-js';
import { findDetail, isStatusError } from 'grpc-js-middleware';

/** What says that nobody knows, or not yet. */
const UNSURE = [status.UNAVAILABLE, status.DEADLINE_EXCEEDED, status.ABORTED, status.RESOURCE_EXHAUSTED];

/** How long to wait where the server does not say. */
const PAUSE_MS = 200;

/** Where many want something at once, one has to wait. */
const PATIENCE_MS = 30_000;

type Options = { readonly metadata: Metadata; readonly timeoutMs: number };

/** Makes a call, again and again under one idempotency key, until it is known what came of it. */
export async function untilSure<T>(makeCall: (options: Options) => Promise<T>): Promise<T> {
  const metadata = new Metadata();
  metadata.set('idempotency-key', randomUUID());
  for (;;) {
    try {
      return await makeCall({ metadata, timeoutMs: PATIENCE_MS });
    } catch (error) {
      if (!isStatusError(error) || !UNSURE.includes(error.code)) throw error;
      await delay(findDetail(error, 'retryInfo')?.retryDelayMs ?? PAUSE_MS);
    }
  }
}
