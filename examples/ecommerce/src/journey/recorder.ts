import { AsyncLocalStorage } from 'node:async_hooks';
import type { status } from '@grpc/grpc-js';
import { type Interceptor, type Metadata } from '@grpc/grpc-js';
import { contextKey, defineClientInterceptor, statusName, type CallKind } from 'grpc-js-middleware';
import { REPLICA } from '../server/replica.js';

/** One call of the journey, as its table shows it. */
export interface Entry {
  readonly expected: status;
  rpc: string;
  kind: CallKind;
  code: status | undefined;
  attempts: number;
  /** Attempts that have not ended. */
  running: number;
  /** How the last attempt ended. */
  attemptCode: status;
  replica: string;
  durationMs: number;
  /** What the middleware did, in words. */
  readonly notes: string[];
  /** It did not do what it should, whatever its status. */
  failed: boolean;
}

/** The trailer of idempotencyServerInterceptor. */
const REPLAYED = 'idempotency-replayed';

const current = new AsyncLocalStorage<Entry>();
const entryKey = contextKey<Entry | undefined>('journey entry', undefined);

/** Starts a call whose entry is given: the interceptors below fill it in. */
export function recorded<T>(entry: Entry, makeCall: () => T): T {
  return current.run(entry, makeCall);
}

/** Outermost: the call as the customer knows it, retries and all. */
export const recordCall: Interceptor = defineClientInterceptor('journey', (method) => (call) => {
  const entry = current.getStore();
  call.set(entryKey, entry);
  if (entry === undefined) return;
  entry.rpc = `${method.service}/${method.name}`;
  entry.kind = method.kind;
  return {
    onEnd({ code, durationMs }) {
      entry.code = code;
      entry.durationMs = durationMs;
    },
  };
});

/** Innermost: each attempt, and which replica answered it. */
export const recordAttempt: Interceptor = defineClientInterceptor('journey attempt', () => (call) => {
  const entry = call.get(entryKey);
  if (entry === undefined) return;
  if (entry.attempts++ > 0) entry.notes.push(whyAgain(entry));
  entry.running++;
  return {
    onEnd({ code }) {
      entry.running--;
      entry.attemptCode = code;
    },
    onStatus({ metadata }: { metadata: Metadata }) {
      entry.replica ||= String(metadata.get(REPLICA)[0] ?? '');
      if (metadata.get(REPLAYED).length > 0) entry.notes.push('idempotency key: answered from the store');
    },
  };
});

function whyAgain({ running, attemptCode }: Entry): string {
  return running > 0 ? 'hedged: one replica was silent, another answered' : `retried after ${statusName(attemptCode)}`;
}
