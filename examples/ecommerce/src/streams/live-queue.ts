import { status } from '@grpc/grpc-js';
import { StatusError, type ServerCallContext } from 'grpc-js-middleware';

/** Items that may wait for a reader before the reader counts as too slow. */
const MAX_WAITING = 256;

/**
 * What happens now, for one reader. A reader who does not keep up is sent RESOURCE_EXHAUSTED, so that neither the
 * server's memory nor anybody else suffers from it; it ends when the call does.
 */
export class LiveQueue<T> implements AsyncIterableIterator<T> {
  private readonly waiting: T[] = [];
  private wake: () => void = () => undefined;
  private finished = false;
  private failure: Error | undefined;

  /** @param onClose Called once, when nobody reads any more. */
  constructor(
    private readonly call: ServerCallContext,
    private onClose: () => void,
  ) {
    call.signal.addEventListener('abort', () => this.fail(call.signal.reason as Error), { once: true });
  }

  push(item: T): void {
    if (this.finished) return;
    if (this.waiting.length === MAX_WAITING) {
      const slow = new StatusError(status.RESOURCE_EXHAUSTED, 'The stream was read too slowly');
      this.fail(slow);
      this.call.end(slow); // the reader's generator waits in a write, where nothing could be thrown
      return;
    }
    this.waiting.push(item);
    this.wake();
  }

  /** Nothing more will come; what waits is still delivered. */
  finish(): void {
    this.finished = true;
    this.wake();
  }

  /** Nothing more will come, and what waits does not count. */
  fail(error: Error): void {
    this.failure = error;
    this.finish();
    this.close();
  }

  async next(): Promise<IteratorResult<T, undefined>> {
    for (;;) {
      if (this.failure !== undefined) throw this.failure;
      if (this.waiting.length > 0) return { done: false, value: this.waiting.shift()! };
      if (this.finished) return this.return();
      await new Promise<void>((resolve) => (this.wake = resolve));
    }
  }

  return(): Promise<IteratorResult<T, undefined>> {
    this.close();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Nobody reads any more. */
  close(): void {
    this.finished = true;
    this.onClose();
    this.onClose = () => undefined;
  }
}
