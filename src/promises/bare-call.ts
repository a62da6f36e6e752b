import { Metadata, status, type StatusObject } from '@grpc/grpc-js';
import { callStorage, contextSymbol, type ServerCallContext } from '../core/context.js';
import type { ContextKey } from '../core/context-key.js';
import type { Method } from '../core/method.js';
import { StatusError, toStatusObject } from '../core/status-error.js';
import { timerAt, type Timer } from '../core/timer.js';
import type { HandledCall, Respond, SurfaceCall } from './handled-call.js';

/** Runs a handler with a {@link BareCall}, whose headers and trailers go out with what the handler answers. */
export function runBare(
  method: Method,
  call: SurfaceCall,
  respond: Respond | undefined,
  run: (context: HandledCall, respond: Respond) => void,
): void {
  const context = new BareCall(method, call);
  const send = respond === undefined ? throughStream(call, context) : throughCallback(respond, context);
  context.refuse = send;
  holdHalfClose(call);
  callStorage.run(context, () => run(context, send));
}

function throughCallback(respond: Respond, context: BareCall): Respond {
  return (error, message) => {
    if (error !== null) return respond(error);
    context.sendHeaders();
    context.conclude();
    respond(null, message, context.responseTrailers);
  };
}

function throughStream(call: SurfaceCall, context: BareCall): Respond {
  const write = call.write.bind(call) as (message: unknown) => boolean;
  const end = call.end.bind(call) as (trailers: Metadata) => SurfaceCall;
  Object.assign(call, {
    write: (message: unknown) => {
      context.sendHeaders();
      return write(message);
    },
    // grpc-js ends the stream after an error, too; an error's own trailers then win.
    end: () => {
      if (!context.concluded) context.sendHeaders();
      context.conclude();
      return end(context.responseTrailers);
    },
  });
  return (error) => void call.emit('error', error);
}

/**
 * A cancelled upload looks finished for a turn or two of the event loop, until the reset is read: the end of requests
 * waits for that long.
 */
function holdHalfClose(call: SurfaceCall): void {
  const push = call.push?.bind(call) as ((message: unknown) => boolean) | undefined;
  if (push === undefined) return;
  call.push = (message: unknown) => {
    if (message !== null) return push(message);
    setImmediate(() => setImmediate(() => call.destroyed || push(null)));
    return true;
  };
}

/**
 * The context of a call whose server lists no interceptor of ours: made from what grpc-js shows a handler. Handlers
 * work as everywhere else; what a handler alone cannot know (the verified certificate, a deadline that passes while the
 * client does not read) is missing.
 */
export class BareCall implements HandledCall {
  readonly startedAt = Date.now();
  readonly metadata: Metadata;
  readonly peer: string;
  readonly authority: string;
  readonly previousAttempts: number;
  readonly peerCertificate = undefined;
  readonly responseHeaders = new Metadata();
  readonly responseTrailers = new Metadata();
  deadline: number;
  concluded = false;
  managed = true;
  /** Sends an error in the handler's place; set by whoever runs the handler. */
  refuse: (status: StatusObject) => void = () => undefined;

  private readonly controller = new AbortController();
  private readonly values = new Map<ContextKey<unknown>, unknown>();
  private headersSent = false;
  private timer: Timer | undefined;

  constructor(
    readonly method: Method,
    private readonly call: SurfaceCall,
  ) {
    this.metadata = call.metadata;
    this.peer = call.getPeer();
    this.authority = call.getHost();
    this.deadline = Number(call.getDeadline());
    const attempts = Number(call.metadata.get('grpc-previous-rpc-attempts')[0] ?? 0);
    this.previousAttempts = Number.isInteger(attempts) && attempts > 0 ? attempts : 0;
    (call.getMetricsRecorder() as { [contextSymbol]?: ServerCallContext })[contextSymbol] = this;
    // grpc-js says so after every end; only the first end counts.
    call.once('cancelled', () => {
      this.stop(
        Date.now() >= this.deadline
          ? new StatusError(status.DEADLINE_EXCEEDED, 'Deadline exceeded')
          : new StatusError(status.CANCELLED, 'Cancelled'),
      );
    });
  }

  get signal(): AbortSignal {
    return this.controller.signal;
  }

  get<T>(key: ContextKey<T>): T {
    return (this.values.has(key) ? this.values.get(key) : key.defaultValue) as T;
  }

  set<T>(key: ContextKey<T>, value: T): void {
    this.values.set(key, value);
  }

  limitDeadline(epochMs: number): void {
    if (!(epochMs < this.deadline) || this.concluded) return;
    this.deadline = epochMs;
    this.timer?.cancel();
    this.timer = timerAt(epochMs, () => this.end(new StatusError(status.DEADLINE_EXCEEDED, 'Deadline exceeded')));
  }

  sendHeaders(): void {
    if (this.headersSent) return;
    this.headersSent = true;
    this.call.sendMetadata(this.responseHeaders);
  }

  end(error: StatusError): void {
    if (this.concluded) return;
    this.conclude();
    this.refuse(this.statusOf(error));
    this.controller.abort(error);
  }

  fail(error: unknown): StatusObject {
    this.conclude();
    return this.statusOf(StatusError.from(error));
  }

  noteError(): void {
    // There is no end of the call that anybody is told of.
  }

  onConclude(listener: () => void): void {
    this.signal.addEventListener('abort', listener, { once: true });
  }

  /** The handler has answered. */
  conclude(): void {
    this.concluded = true;
    this.timer?.cancel();
  }

  private stop(reason: StatusError): void {
    if (this.concluded) return;
    this.conclude();
    this.controller.abort(reason);
  }

  private statusOf(error: StatusError): StatusObject {
    const refusal = toStatusObject(error);
    refusal.metadata.merge(this.responseTrailers);
    return refusal;
  }
}
