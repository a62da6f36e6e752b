import type { MessageContext } from '../core/client/grpc-client-internals.js';
import { approximateBytes } from './approximate-bytes.js';

/** How much of a request stream is kept for further attempts. */
export interface BufferLimits {
  readonly maxMessages: number;
  readonly maxBytes: number;
}

/** One request message that may have to be sent again. */
export interface BufferedMessage {
  readonly message: unknown;
  readonly flags: number | undefined;
  /** Tells the writer to go on; once. */
  written: (() => void) | undefined;
}

/**
 * The request messages of a call, from the first that some attempt may still need. Writers are held back until an attempt
 * has accepted their message, as they would be without a retry.
 */
export class ReplayBuffer {
  /** The client has half-closed: nothing follows the last message. */
  closed = false;
  private readonly messages: BufferedMessage[] = [];
  private first = 0;
  private bytes = 0;

  /** Position after the last message. */
  get end(): number {
    return this.first + this.messages.length;
  }

  /** How many messages are kept. */
  get held(): number {
    return this.messages.length;
  }

  push(message: unknown, { callback, flags }: MessageContext): void {
    this.messages.push({ message, flags, written: callback });
  }

  at(position: number): BufferedMessage | undefined {
    return this.messages[position - this.first];
  }

  /** Whether what is kept exceeds the limits; the message pushed last is measured by this, each once. */
  overflows({ maxMessages, maxBytes }: BufferLimits): boolean {
    if (this.held > maxMessages) return true;
    if (maxBytes === Infinity) return false;
    this.bytes += approximateBytes(this.messages.at(-1)?.message, maxBytes - this.bytes);
    return this.bytes > maxBytes;
  }

  /** An attempt took the message: the writer may go on. */
  accepted(position: number): void {
    const entry = this.at(position);
    const written = entry?.written;
    if (written === undefined) return;
    entry!.written = undefined;
    written();
  }

  /** Forgets what lies before `position`: no attempt will need it. */
  release(position: number): void {
    const count = Math.min(position - this.first, this.messages.length);
    if (count <= 0) return;
    this.messages.splice(0, count);
    this.first += count;
  }

  /** The call is over: no writer is left waiting. */
  settle(): void {
    const waiting = this.messages.splice(0);
    this.first += waiting.length;
    for (const { written } of waiting) written?.();
  }
}
