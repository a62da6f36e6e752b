import { status, type Interceptor, type Metadata, type StatusObject } from '@grpc/grpc-js';
import {
  contextKey,
  defineClientInterceptor,
  StatusError,
  statusName,
  tryCurrentCall,
  type CallEnd,
  type ClientCallContext,
  type Method,
} from 'grpc-js-middleware';
import { callErrorOf } from '../gateway/call-error.js';
import { serverOf } from '../plan.js';
import { REPLICA } from '../server/replica.js';
import { CALLER, traceIdOf } from './metadata.js';
import { servedBy } from './server-watch.js';
import type { Session } from './session.js';
import type { Telemetry } from './telemetry.js';

/** The trailer of idempotencyServerInterceptor. */
const REPLAYED = 'idempotency-replayed';

const watchedKey = contextKey<WatchedCall | undefined>('watched call', undefined);

/** Two interceptors that tell of a client's calls: the outermost one, and one inside retry, for each attempt. */
export function watchCalls(telemetry: Telemetry): { readonly call: Interceptor; readonly attempt: Interceptor } {
  return {
    call: defineClientInterceptor('watch', (method) => (call) => {
      const { session } = telemetry;
      if (session === undefined) return;
      const watched = new WatchedCall(session, method, callerOf(telemetry), call);
      call.set(watchedKey, watched);
      return watched;
    }),
    attempt: defineClientInterceptor('watch attempt', () => (call) => call.get(watchedKey)?.attempt(telemetry, call)),
  };
}

/** The server on whose behalf this is, or who the process belongs to. */
function callerOf({ process }: Telemetry): string {
  const replica = tryCurrentCall()?.get(servedBy);
  return replica === undefined ? process : serverOf(replica);
}

class WatchedCall {
  private readonly notes: string[] = [];
  private attempts = 0;
  /** Who answered the last attempt, or was to. */
  private replica: string;
  private lastCode: status | undefined;
  private status: StatusObject | undefined;

  constructor(
    private readonly session: Session,
    private readonly method: Method,
    private readonly from: string,
    private readonly call: ClientCallContext,
  ) {
    this.replica = call.target.slice(call.target.lastIndexOf('/') + 1);
    call.metadata.set(CALLER, from);
  }

  attempt(telemetry: Telemetry, call: ClientCallContext) {
    if (this.attempts++ > 0) this.notes.push(`retried after ${statusName(this.lastCode!)}`);
    const isRetry = this.attempts > 1;
    let named: string | undefined;
    return {
      onStatus: ({ metadata }: { metadata: Metadata }) => {
        named = metadata.get(REPLICA)[0]?.toString();
      },
      onEnd: ({ code, durationMs }: CallEnd) => {
        this.lastCode = code;
        this.replica = named ?? telemetry.replicaAt(call.peer) ?? this.replica;
        this.session.edge(this.from, this.replica).add(code, durationMs, isRetry);
      },
    };
  }

  onStatus(given: StatusObject): void {
    this.status = given;
    if (given.metadata.get(REPLAYED).length > 0) this.notes.push('answered from the store of idempotency keys');
  }

  onEnd({ code, durationMs }: CallEnd): void {
    const { method, from, replica, attempts, notes, call } = this;
    const traceId = traceIdOf(call.metadata);
    if (attempts === 0) notes.push('refused before it was sent');
    this.session.list({
      traceId,
      at: call.startedAt,
      rpc: `${method.service}/${method.name}`,
      kind: method.kind,
      code: statusName(code),
      durationMs,
      from,
      replica,
      attempts,
      note: notes.length > 0 ? notes.join('; ') : undefined,
    });
    if (tryCurrentCall() !== undefined) return; // the outermost call is its caller's to tell
    const trace = this.session.traces.of(traceId);
    if (trace !== undefined)
      trace.status = code === status.OK ? { code: 'OK' } : callErrorOf(StatusError.from(this.status));
  }
}
