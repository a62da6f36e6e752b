import { Metadata, status, type StatusObject } from '@grpc/grpc-js';
import { letGoWhenClosed, streamOf, withoutCause, type GrpcServerCall } from './grpc-server-internals.js';
import type { CallEnd, EndOrigin } from '../hooks.js';
import { reportHookFailure } from '../base/report-failure.js';
import { StatusError } from '../status/status-error.js';
import { Stop } from '../pass/stop.js';
import { TIMER_SLACK_MS } from '../base/timer.js';
import { isStatusCode, type OutgoingStatus } from '../status/wire-status.js';

/** Codes of the statuses that grpc-js makes by itself, below all interceptors (deadlines aside). */
const INVENTED: readonly unknown[] = [status.INTERNAL, status.RESOURCE_EXHAUSTED, status.UNIMPLEMENTED];

/** The call whose end this is. */
export interface EndingCall {
  readonly deadline: number;
  readonly received: number;
  readonly sent: number;
  /** A message that was counted as sent could not be. */
  unsend(): void;
  /** The one end, to everyone whose part began. */
  finish(end: CallEnd): void;
}

/**
 * The one end of a call on the server, exactly as the client was told. Every status passes the base call's own
 * `sendStatus`, those that grpc-js makes by itself included, so that is where it watches; a call that is over without one
 * was cancelled.
 */
export class ServerEnd {
  /** A status was chosen, by whomever: nothing more can be sent. */
  concluded = false;
  /** Who chose the status that is on its way. */
  via: EndOrigin | undefined;
  /** Tells whoever works for the call that it is in vain. */
  readonly stopped = new Stop();

  private sendBase: GrpcServerCall['sendStatus'];
  private readonly startedTicks = performance.now();
  private ended = false;
  private sending = false;
  private chosen: StatusObject | undefined;
  private pending: { readonly status: OutgoingStatus; readonly origin: EndOrigin } | undefined;
  private thrown: unknown;

  constructor(
    private base: GrpcServerCall,
    private readonly call: EndingCall,
  ) {
    // eslint-disable-next-line @typescript-eslint/unbound-method -- called on `base`: cheaper than a bound function for each call
    this.sendBase = base.sendStatus;
    base.sendStatus = this.observe.bind(this);
    letGoWhenClosed(base);
  }

  /** What was thrown, for those who observe. The first counts. */
  note(error: unknown): void {
    this.thrown ??= error;
  }

  /** The outermost pass is about to hand this status to the wire. */
  choose(given: StatusObject): void {
    this.chosen = given;
  }

  /** The deadline that an interceptor set has passed. */
  expire(): void {
    if (this.concluded) return;
    this.via = 'deadline';
    this.chosen = { code: status.DEADLINE_EXCEEDED, details: 'Deadline exceeded', metadata: new Metadata() };
    this.base.sendStatus(this.chosen);
  }

  /** The outermost pass writes a message: a status that grpc-js makes meanwhile says that it could not. */
  write(nextCall: GrpcServerCall, message: unknown, callback: () => void): void {
    this.sending = true;
    try {
      nextCall.sendMessage(message, callback);
    } finally {
      this.sending = false;
    }
  }

  /**
   * The stream is closed though we sent no end: the client reset it, and a half-close that was read just before is no
   * finished upload.
   */
  get resetByClient(): boolean {
    const stream = streamOf(this.base);
    return stream !== undefined && (stream.closed || stream.destroyed || stream.aborted);
  }

  /** grpc-js says that the call is over, as it does after every end; only now is one without a status known to be cancelled. */
  closed(): void {
    if (this.ended) return;
    if (this.pending !== undefined && streamOf(this.base)?.sentTrailers !== undefined) {
      this.finish(this.pending.status, this.pending.origin);
      return;
    }
    const expired = Date.now() >= this.call.deadline && !this.concluded;
    const error = expired
      ? new StatusError(status.DEADLINE_EXCEEDED, 'Deadline exceeded')
      : new StatusError(status.CANCELLED, 'Cancelled');
    this.concluded = true;
    this.stopped.stop(error);
    this.finish(error, expired ? 'deadline' : 'cancelled');
  }

  /** grpc-js's call is over: from now on, this one stands in for it. */
  letGo(over: GrpcServerCall): void {
    this.base = over;
    // eslint-disable-next-line @typescript-eslint/unbound-method -- as in the constructor
    this.sendBase = over.sendStatus;
  }

  /** Every status that leaves, from us or from grpc-js itself, passes here on its way to the wire. */
  private observe(given: OutgoingStatus): void {
    if (this.concluded) {
      this.observeAnother(given);
      return;
    }
    const origin = this.originOf(given);
    if (origin === 'transport') {
      given = withoutCause(given);
      if (this.sending) this.call.unsend();
    }
    this.concluded = true;
    const stream = streamOf(this.base);
    const gone = stream !== undefined && (stream.destroyed || stream.closed);
    const trailersFollow = stream?.headersSent === true;
    if (trailersFollow && !gone) this.pending = { status: given, origin };
    this.send(given);
    if (gone) {
      this.closed();
      return;
    }
    if (origin !== 'handler') this.stopped.stop(errorOf(given));
    if (!trailersFollow) this.finish(given, origin);
  }

  /** The first status still waits for a client that does not read. An expiry meanwhile is what the client sees too. */
  private observeAnother(given: OutgoingStatus): void {
    const expired = !this.ended && given.code === status.DEADLINE_EXCEEDED;
    this.send(given);
    if (!expired) return;
    this.stopped.stop(errorOf(given));
    this.finish(given, 'deadline');
  }

  private send(given: OutgoingStatus): void {
    try {
      this.sendBase.call(this.base, given);
    } catch (error) {
      reportHookFailure('grpc-js', 'sendStatus', error);
      this.sendBase.call(this.base, {
        code: isStatusCode(given.code) ? given.code : status.UNKNOWN,
        details: '',
        metadata: null,
      });
    }
  }

  private originOf(given: OutgoingStatus): EndOrigin {
    if (given === this.chosen && this.via !== undefined) return this.via;
    const { code } = given;
    if (code === status.DEADLINE_EXCEEDED && Date.now() >= this.call.deadline - TIMER_SLACK_MS) return 'deadline';
    return INVENTED.includes(code) ? 'transport' : 'interceptor';
  }

  private finish({ code, details }: OutgoingStatus, origin: EndOrigin): void {
    this.ended = true;
    const { received, sent } = this.call;
    const durationMs = performance.now() - this.startedTicks;
    this.call.finish({
      code: code as status,
      details: String(details),
      durationMs,
      received,
      sent,
      error: this.thrown,
      origin,
    });
  }
}

function errorOf({ code, details }: OutgoingStatus): StatusError {
  return new StatusError(code as status, String(details));
}
