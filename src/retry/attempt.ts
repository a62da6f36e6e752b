import type { Metadata, StatusObject } from '@grpc/grpc-js';
import type { GrpcClientCall, GrpcClientListener } from '../core/client/grpc-client-internals.js';
import type { ReplayBuffer } from './replay-buffer.js';

/** The logical call that attempts are made for. */
export interface AttemptOwner {
  readonly buffer: ReplayBuffer;
  /** The method takes a stream of requests. */
  readonly streamsIn: boolean;
  onHeaders(attempt: Attempt, headers: Metadata): void;
  onMessage(attempt: Attempt, message: unknown): void;
  onStatus(attempt: Attempt, status: StatusObject): void;
  onAccepted(attempt: Attempt, position: number): void;
  /** A layer below threw. */
  onBroken(attempt: Attempt, error: unknown): void;
}

/**
 * One attempt of a logical call: sends what the buffer holds, from its first message on, and hands on what it hears until
 * it is over.
 */
export class Attempt implements GrpcClientListener {
  /** Over, or given up: nothing it still says counts. */
  over = false;
  /** Ended by the time limit for one attempt. */
  timedOut = false;
  /** grpc-js announced the missing message of a failed unary call. */
  saidNoMessage = false;
  /** Position of the next request message to send. */
  next = 0;
  /** The message before `next` was sent and not yet accepted. */
  writing = false;
  timer: NodeJS.Timeout | undefined;
  private halfClosed = false;

  constructor(
    private readonly owner: AttemptOwner,
    /** 1, 2, … */
    readonly number: number,
    readonly call: GrpcClientCall,
  ) {}

  /** Sends what there is to send: one message at a time, so that each layer below may take its time. */
  pump(): void {
    const { buffer } = this.owner;
    while (!this.over && !this.writing && this.next < buffer.end) this.send(this.next++);
    if (!buffer.closed || this.halfClosed || this.over || this.next < buffer.end) return;
    this.halfClosed = true;
    this.guarded(() => this.call.halfClose());
  }

  read(): void {
    this.guarded(() => this.call.startRead());
  }

  private guarded(run: () => void): void {
    try {
      run();
    } catch (error) {
      this.owner.onBroken(this, error);
    }
  }

  /** Ends the attempt on the wire. What it still says is heard, unless it is {@link abandon}ed. */
  cancel(code: number, details: string): void {
    this.guarded(() => this.call.cancelWithStatus(code, details));
  }

  /** Ends the attempt and forgets it: another one was better. */
  abandon(code: number, details: string): void {
    this.end();
    try {
      this.call.cancelWithStatus(code, details);
    } catch {
      // A foreign interceptor's: nothing more is expected of this attempt.
    }
  }

  end(): void {
    this.over = true;
    clearTimeout(this.timer);
  }

  // grpc-js tells listeners apart by the number of arguments of this method.
  onReceiveMetadata(headers: Metadata): void {
    if (!this.over) this.owner.onHeaders(this, headers);
  }

  onReceiveMessage(message: unknown): void {
    if (!this.over) this.owner.onMessage(this, message);
  }

  onReceiveStatus(status: StatusObject): void {
    if (this.over) return;
    this.end();
    this.owner.onStatus(this, status);
  }

  private send(position: number): void {
    const { message, flags, written } = this.owner.buffer.at(position)!;
    // The one message of a unary request needs no acknowledgement: nothing follows it.
    const acknowledged = this.owner.streamsIn || written !== undefined;
    this.writing = acknowledged;
    const callback = acknowledged ? () => this.accepted(position) : undefined;
    this.guarded(() => this.call.sendMessageWithContext({ callback, flags }, message));
  }

  private accepted(position: number): void {
    if (this.over || !this.writing || position !== this.next - 1) return;
    this.writing = false;
    this.owner.onAccepted(this, position);
    this.pump();
  }
}
