import type { Writable } from 'node:stream';
import { yieldTurn } from '../core/base/yields.js';
import { isThenable } from '../core/base/report-failure.js';

/**
 * After so many messages the event loop gets its turn. Writes may call back without one: grpc-js's client takes up to
 * 1 MB of a call for its retry buffer at once, and nothing else, a cancellation neither, would happen meanwhile.
 */
const BURST = 256;

/**
 * Writes what an iterable yields into a grpc-js stream, at the pace of whoever reads it, until either ends.
 *
 * grpc-js never calls back a write, and so never says `drain`, once a call is over: whoever owns the pump has to
 * {@link stop} it then.
 */
export class Pump {
  private stopped = false;
  private resume: (() => void) | undefined;

  /**
   * @param check Gives the message to write, or throws when what was yielded is none.
   * @param onLateError Told what the iterator throws while it is closed, when nobody else listens any more.
   */
  constructor(
    private readonly iterator: AsyncIterator<unknown, unknown>,
    private readonly stream: Writable,
    private readonly check: (message: unknown) => unknown,
    private readonly onLateError: (error: unknown) => void,
  ) {}

  /** Resolves with true when all was written, with false when it was stopped; rejects with what the iterator throws. */
  async run(): Promise<boolean> {
    for (let count = 1; !this.stopped; count++) {
      const { done, value } = await this.iterator.next();
      if (this.stopped) return false;
      if (done) return true;
      if (!this.write(value)) await this.pause((resume) => this.stream.once('drain', resume));
      if (count % BURST === 0) await this.pause(yieldTurn);
    }
    return false;
  }

  /** The call is over: closes the iterator, once what it is awaiting has settled. */
  stop(): void {
    if (this.stopped) return;
    this.stopped = true;
    // A generator's `finally` blocks belong into the context of its call, which is the one that waits here.
    if (this.resume !== undefined) this.resume();
    else this.close();
  }

  private write(value: unknown): boolean {
    try {
      return this.stream.write(this.check(value));
    } catch (error) {
      this.close();
      throw error;
    }
  }

  private async pause(begin: (resume: () => void) => void): Promise<void> {
    if (this.stopped) return;
    await new Promise<void>((resolve) => {
      this.resume = resolve;
      begin(resolve);
    });
    this.resume = undefined;
    if (this.stopped) this.close();
  }

  private close(): void {
    try {
      const closing = this.iterator.return?.();
      if (isThenable(closing)) closing.then(undefined, this.onLateError);
    } catch (error) {
      this.onLateError(error);
    }
  }
}
