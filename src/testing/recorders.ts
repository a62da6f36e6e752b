import type { Interceptor, ServerInterceptor, StatusObject } from '@grpc/grpc-js';
import { defineClientInterceptor, defineServerInterceptor } from '../core/define.js';
import type { CallEnd } from '../core/hooks.js';
import type { Method } from '../core/method.js';
import { hasMethods, optionError } from '../core/base/options.js';
import { statusName } from '../core/status/status-name.js';
import type { EventLog, RecordedEvent, RecordedHook } from './event-log.js';

/**
 * A server interceptor that records each of its hooks and changes nothing.
 *
 * @param events Where to.
 * @param recorder Tells several of a chain apart.
 * @throws TypeError when `events` is no {@link EventLog}.
 */
export function recordServerEvents(events: EventLog, recorder = 'server'): ServerInterceptor {
  checkLog('recordServerEvents', events);
  return defineServerInterceptor(`record ${recorder}`, (method) => {
    const record = recorderOf(events, 'server', recorder, method);
    return () => ({ ...sharedHooks(record), onError: (error) => record('onError', { error }) });
  });
}

/**
 * A client interceptor that records each of its hooks and changes nothing.
 *
 * @param events Where to.
 * @param recorder Tells several of a chain apart.
 * @throws TypeError when `events` is no {@link EventLog}.
 */
export function recordClientEvents(events: EventLog, recorder = 'client'): Interceptor {
  checkLog('recordClientEvents', events);
  return defineClientInterceptor(`record ${recorder}`, (method) => {
    const record = recorderOf(events, 'client', recorder, method);
    return () => sharedHooks(record);
  });
}

function checkLog(owner: string, events: unknown): void {
  if (!hasMethods(events, 'record')) throw optionError(`${owner}: events`, 'an EventLog', events);
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
