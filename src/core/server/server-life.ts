import { Metadata, status, type StatusObject } from '@grpc/grpc-js';
import { reportHookFailure } from '../base/report-failure.js';
import { ticksAt, TIMER_SLACK_MS } from '../base/timer.js';
import type { CallEnd, EndOrigin } from '../hooks.js';
import { Stop } from '../pass/stop.js';
import { StatusError } from '../status/status-error.js';
import { isStatusCode, type OutgoingStatus } from '../status/wire-status.js';
import { letGoWhenClosed, resetStream, streamOf, unsentBytes, withoutCause } from './grpc-server-internals.js';
import type { GrpcServerCall } from './grpc-server-internals.js';
import { leaving, type LeavingCall } from './leaving.js';

/** The phases of a call from the time its handler may run; it only goes forward. */
export const OPEN = 0;
/** A status was chosen: nothing else goes in or out. */
export const CLOSING = 1;
/** grpc-js has the status; a slow client may still take what was written before it. */
export const LEAVING = 2;
/** What the client knows is known. */
export const ENDED = 3;
export type Phase = typeof OPEN | typeof CLOSING | typeof LEAVING | typeof ENDED;

/** How long a client may take nothing once the call has a status, in milliseconds, unless an interceptor says otherwise. */
const LINGER_MS = 30_000;

/** The same once the deadline has passed: long enough for a client that reads to be told so. */
const EXPIRED_LINGER_MS = 500;

/** Codes of the statuses that grpc-js makes by itself, below all interceptors (deadlines aside). */
const INVENTED: readonly unknown[] = [status.INTERNAL, status.RESOURCE_EXHAUSTED, status.UNIMPLEMENTED];
const EXPIRED = 'Deadline exceeded';

/** The call whose life this is. */
export interface LivingCall {
  readonly deadline: number;
  readonly received: number;
  readonly sent: number;
  /** A message that was counted as sent could not be. */
  unsend(): void;
  /** A status was chosen. */
  statusChosen(): void;
  /** The one end, to everyone whose part began. */
  finish(end: CallEnd): void;
}

/**
 * The life of a call on the server. Every status passes the base call's own `sendStatus`, those that grpc-js makes by
 * itself included, so that is where the end is observed; a call that is over without one was cancelled.
 *
 * `choose` is for the endings of this side, `observe` for what the wire is given, `closed` for a call that grpc-js says
 * is over. From the status on, a client that takes nothing is given up: see {@link leaving}.
 */
export class ServerLife implements LeavingCall {
  phase: Phase = OPEN;
  /** Who chose the status that is on its way. */
  origin: EndOrigin | undefined;
  /** Notifies those who work for the call that it is in vain. */
  readonly stopped = new Stop();
  place = -1;
  since = 0;
  lingerMs = LINGER_MS;

  private sendBase: GrpcServerCall['sendStatus'];
  private readonly startedTicks = performance.now();
  private deadlineTicks: number;
  private sending = false;
  private chosen: StatusObject | undefined;
  private given: OutgoingStatus | undefined;
  private thrown: unknown;

  constructor(
    private base: GrpcServerCall,
    private readonly call: LivingCall,
    deadline: number,
  ) {
    this.deadlineTicks = ticksAt(deadline);
    // eslint-disable-next-line @typescript-eslint/unbound-method -- called on `base`: cheaper than a bound function for each call
    this.sendBase = base.sendStatus;
    base.sendStatus = this.observe.bind(this);
    letGoWhenClosed(base);
  }

  /** A status was chosen: nothing else can be sent. */
  get concluded(): boolean {
    return this.phase >= CLOSING;
  }

  /** What was thrown, for those who observe. The first counts. */
  note(error: unknown): void {
    this.thrown ??= error;
  }

  /** Ends the call from this side; false when grpc-js already has a status. */
  choose(origin: EndOrigin): boolean {
    if (this.phase >= LEAVING) return false;
    this.origin = origin;
    this.close();
    return true;
  }

  /** The outermost pass is about to hand this status to the wire. */
  handOver(given: StatusObject): void {
    this.chosen = given;
  }

  /** Sends a status past all interceptors: where those in between failed to pass it on, and for deadlines. */
  sendPast(origin: EndOrigin, given: StatusObject): void {
    if (!this.choose(origin)) return;
    this.chosen = given;
    this.base.sendStatus(given);
  }

  /** An interceptor moved the deadline. */
  moveDeadline(epochMs: number): void {
    this.deadlineTicks = ticksAt(epochMs);
  }

  /** The deadline that an interceptor set has passed. */
  expire(): void {
    const given = { code: status.DEADLINE_EXCEEDED, details: EXPIRED, metadata: new Metadata() };
    if (this.phase === LEAVING) this.end(given, 'deadline');
    else this.sendPast('deadline', given);
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
   * The one response of the method is written, so the call ends with OK unless it cannot be delivered: grpc-js asks for
   * the status only when the client has taken the message.
   */
  answered(): void {
    if (this.phase !== OPEN) return;
    this.origin = 'handler';
    this.close();
    leaving.enter(this);
  }

  /**
   * The stream is closed though we sent no end: the client reset it, and a half-close that was read just before is not a
   * finished upload.
   */
  get resetByClient(): boolean {
    const stream = streamOf(this.base);
    return stream !== undefined && (stream.closed || stream.destroyed || stream.aborted);
  }

  /** grpc-js says that the call is over, as it does after every end; one without a status was cancelled, or expired. */
  closed(): void {
    if (this.phase === ENDED) return;
    if (this.phase === LEAVING && streamOf(this.base)?.sentTrailers !== undefined) {
      this.finish(this.given!, this.origin!);
      return;
    }
    const expired = this.phase < LEAVING && performance.now() >= this.deadlineTicks;
    const error = expired
      ? new StatusError(status.DEADLINE_EXCEEDED, EXPIRED)
      : new StatusError(status.CANCELLED, 'Cancelled');
    this.origin = expired ? 'deadline' : 'cancelled';
    this.close();
    this.stopped.stop(error);
    this.finish(error, this.origin);
  }

  /** grpc-js's call is over: from now on, this one stands in for it. */
  letGo(over: GrpcServerCall): void {
    this.base = over;
    // eslint-disable-next-line @typescript-eslint/unbound-method -- as in the constructor
    this.sendBase = over.sendStatus;
  }

  progress(): number {
    return unsentBytes(this.base);
  }

  giveUp(): void {
    if (this.phase === ENDED) return;
    if (this.origin === 'deadline') this.end(this.given!, 'deadline');
    else this.end({ code: status.CANCELLED, details: 'The client took nothing for too long' }, 'transport');
  }

  /** Every status that leaves, from us or from grpc-js itself, passes here on its way to the wire. */
  private observe(given: OutgoingStatus): void {
    if (this.phase >= LEAVING) {
      this.observeAnother(given);
      return;
    }
    const origin = this.originOf(given);
    if (origin === 'transport') {
      given = withoutCause(given);
      if (this.sending) this.call.unsend();
    }
    this.origin = origin;
    this.close();
    this.phase = LEAVING;
    this.given = given;
    const stream = streamOf(this.base);
    const gone = stream !== undefined && (stream.destroyed || stream.closed);
    const trailersFollow = stream?.headersSent === true;
    this.send(given);
    if (gone) {
      this.closed();
      return;
    }
    if (origin !== 'handler') this.stopped.stop(errorOf(given));
    if (!trailersFollow) this.finish(given, origin);
    else this.linger(origin);
  }

  /** The first status still waits for a client that does not read, and the deadline passes: the client is given up. */
  private observeAnother(given: OutgoingStatus): void {
    this.send(given);
    if (this.phase === LEAVING && given.code === status.DEADLINE_EXCEEDED) this.end(given, 'deadline');
  }

  private linger(origin: EndOrigin): void {
    if (origin === 'deadline') this.lingerMs = Math.min(this.lingerMs, EXPIRED_LINGER_MS);
    else if (this.place >= 0) return;
    leaving.enter(this);
  }

  /** Ends the call for a client that does not take its end: HTTP/2 need not keep its stream. */
  private end(given: OutgoingStatus, origin: EndOrigin): void {
    const stream = streamOf(this.base);
    this.close();
    this.stopped.stop(errorOf(given));
    this.finish(given, origin);
    if (stream !== undefined) resetStream(stream);
  }

  /** A status was chosen, or nothing can be sent any more. */
  private close(): void {
    if (this.phase >= CLOSING) return;
    this.phase = CLOSING;
    this.call.statusChosen();
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
    if (given === this.chosen && this.origin !== undefined) return this.origin;
    const { code } = given;
    if (code === status.DEADLINE_EXCEEDED && this.mayHaveExpired(given)) return 'deadline';
    return INVENTED.includes(code) ? 'transport' : 'interceptor';
  }

  private mayHaveExpired({ details }: OutgoingStatus): boolean {
    if (this.deadlineTicks === Infinity) return false;
    return details === EXPIRED || performance.now() >= this.deadlineTicks - TIMER_SLACK_MS;
  }

  private finish({ code, details }: OutgoingStatus, origin: EndOrigin): void {
    this.phase = ENDED;
    leaving.leave(this);
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
