import type { Interceptor, ServerInterceptor, StatusObject } from '@grpc/grpc-js';
import { defineClientInterceptor, defineServerInterceptor } from '../core/define.js';
import type { CallEnd } from '../core/hooks.js';
import type { Method } from '../core/method.js';
import { statusName } from '../core/status-name.js';
import type { EventLog, RecordedEvent, RecordedHook } from './event-log.js';

/**
 * A server interceptor that records each of its hooks and changes nothing.
 *
 * @param recorder Tells several of a chain apart.
 */
export function recordServerEvents(events: EventLog, recorder = 'server'): ServerInterceptor {
  return defineServerInterceptor(`record ${recorder}`, (method) => {
    const record = recorderOf(events, 'server', recorder, method);
    return () => ({ ...sharedHooks(record), onError: (error) => record('onError', { error }) });
  });
}

/**
 * A client interceptor that records each of its hooks and changes nothing.
 *
 * @param recorder Tells several of a chain apart.
 */
export function recordClientEvents(events: EventLog, recorder = 'client'): Interceptor {
  return defineClientInterceptor(`record ${recorder}`, (method) => {
    const record = recorderOf(events, 'client', recorder, method);
    return () => sharedHooks(record);
  });
}

type RecordHook = (hook: RecordedHook, seen?: Partial<RecordedEvent>) => undefined;

function recorderOf(events: EventLog, side: RecordedEvent['side'], recorder: string, method: Method): RecordHook {
  const call = { side, recorder, method: method.name, kind: method.kind } as const;
  return (hook, seen) => void events.record({ ...call, hook, ...seen });
}

function sharedHooks(record: RecordHook) {
  return {
    admit: () => record('admit'),
    onRequest: (message: unknown) => record('onRequest', { message }),
    onHeaders: () => record('onHeaders'),
    onResponse: (message: unknown) => record('onResponse', { message }),
    onStatus: ({ code, details }: StatusObject) => record('onStatus', { code: statusName(code), details }),
    onEnd: ({ code, details, origin, received, sent, error }: CallEnd) =>
      record('onEnd', { code: statusName(code), details, origin, received, sent, error }),
  };
}
