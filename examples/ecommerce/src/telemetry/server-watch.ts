import { status, type ServerInterceptor, type StatusObject } from '@grpc/grpc-js';
import { trace } from '@opentelemetry/api';
import {
  composeServerInterceptors,
  contextKey,
  defineServerInterceptor,
  StatusError,
  statusName,
  type CallEnd,
  type Method,
  type ServerCallContext,
} from 'grpc-js-middleware';
import { callErrorOf } from '../gateway/call-error.js';
import { linksOf, type Link } from './links.js';
import { CALLER, traceIdOf } from './metadata.js';
import type { Session } from './session.js';
import { Stopwatch } from './stopwatch.js';
import type { Telemetry } from './telemetry.js';

/** The replica that serves a call, while somebody looks. */
export const servedBy = contextKey<string | undefined>('served by', undefined);

const watchedKey = contextKey<WatchedCall | undefined>('watched call', undefined);

/**
 * A server's whole stack as one interceptor, which tells of its calls while somebody looks. While nobody does, a call
 * passes the stack as it is, at the price of one look.
 */
export function watched(
  telemetry: Telemetry,
  replica: string,
  interceptors: readonly ServerInterceptor[],
): ServerInterceptor {
  const plain = composeServerInterceptors(...interceptors);
  const marks = interceptors.map((_, position) => mark(position));
  const marked = composeServerInterceptors(
    watchCall(telemetry, replica, interceptors),
    ...interceptors.flatMap((interceptor, position) => [marks[position]!, interceptor]),
    mark(interceptors.length),
    handlerMark,
  );
  return (descriptor, call) => (telemetry.session === undefined ? plain : marked)(descriptor, call);
}

/** Outermost: sees every call, and its end. */
function watchCall(
  telemetry: Telemetry,
  replica: string,
  interceptors: readonly ServerInterceptor[],
): ServerInterceptor {
  return defineServerInterceptor('watch', (method) => {
    if (method.service.startsWith('grpc.')) return;
    const links = linksOf(interceptors, method);
    return (call) => {
      const { session } = telemetry;
      if (session === undefined) return;
      const seen = new WatchedCall(session, method, replica, links, call);
      call.set(watchedKey, seen);
      call.set(servedBy, replica);
      return seen;
    };
  });
}

/** Stands before the interceptor of a position, and tells the time whenever a call comes by. */
function mark(position: number): ServerInterceptor {
  return defineServerInterceptor('mark', () => (call) => {
    const stopwatch = call.get(watchedKey)?.stopwatch;
    if (stopwatch === undefined) return;
    stopwatch.mark(position, 'admitted');
    return {
      onRequest: () => stopwatch.mark(position, 'request'),
      onResponse: () => stopwatch.mark(position, 'outwards'),
      onStatus: () => stopwatch.mark(position, 'outwards'),
    };
  });
}

/** Innermost, where the span of the call is the active one. */
const handlerMark = defineServerInterceptor('handler mark', () => (call) => {
  const seen = call.get(watchedKey);
  if (seen === undefined) return;
  return {
    scope(run) {
      seen.enterSpan();
      return run();
    },
  };
});

class WatchedCall {
  readonly stopwatch: Stopwatch;
  private traceId: string;
  private status: StatusObject | undefined;

  constructor(
    private readonly session: Session,
    private readonly method: Method,
    private readonly replica: string,
    private readonly links: readonly Link[],
    private readonly call: ServerCallContext,
  ) {
    this.stopwatch = new Stopwatch(links.length);
    this.traceId = traceIdOf(call.metadata);
    session.replica(replica).inFlight++;
  }

  /** A trace may begin here, and its span may say where it was. */
  enterSpan(): void {
    const span = trace.getActiveSpan();
    span?.setAttribute('shop.replica', this.replica);
    this.traceId ||= span?.spanContext().traceId ?? '';
  }

  onStatus(given: StatusObject): void {
    this.status = given;
  }

  onEnd({ code, durationMs }: CallEnd): void {
    const { session, replica, call, traceId } = this;
    const own = session.replica(replica);
    own.inFlight--;
    own.counts.add(code, durationMs);
    session.traces.of(traceId)?.addChain(this.chain());
    if (call.metadata.get(CALLER).length === 0) this.tellForCaller(code, durationMs);
  }

  /** Of a caller who is none of ours, only the server can tell. */
  private tellForCaller(code: status, durationMs: number): void {
    const { session, replica, call, method, traceId } = this;
    session.edge('customer', replica).add(code, durationMs, call.previousAttempts > 0);
    session.list({
      traceId,
      at: call.startedAt,
      rpc: `${method.service}/${method.name}`,
      kind: method.kind,
      code: statusName(code),
      durationMs,
      from: 'customer',
      replica,
      attempts: call.previousAttempts + 1,
    });
    const known = session.traces.of(traceId);
    if (known !== undefined)
      known.status = code === status.OK ? { code: 'OK' } : callErrorOf(StatusError.from(this.status));
  }

  private chain() {
    const { replica, method } = this;
    const rpc = `${method.service}/${method.name}`;
    const spent = this.stopwatch.spent;
    const passed = this.links.flatMap(({ name, explanation }, position) =>
      name === undefined ? [] : [{ replica, rpc, interceptor: name, explanation, ms: spent[position]! }],
    );
    return [...passed, { replica, rpc, interceptor: 'handler', ms: spent[this.links.length]! }];
  }
}
