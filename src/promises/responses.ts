import type { Client, ClientReadableStream } from '@grpc/grpc-js';
import { isStatusError } from '../core/status/status-error.js';
import type { PromiseCallOptions } from './promise-client-types.js';
import { WatchedCall, type MakeCall } from './watched-call.js';

type Result = IteratorResult<unknown, undefined>;

/**
 * The responses of a streaming call, read at the pace of the loop over them. Leaving the loop early cancels the call.
 */
export class Responses<
  C extends ClientReadableStream<unknown> = ClientReadableStream<unknown>,
> implements AsyncIterableIterator<unknown, undefined> {
  readonly watched: WatchedCall<C>;
  private messages: AsyncIterator<unknown, undefined> | undefined;
  private finished = false;

  constructor(options: PromiseCallOptions) {
    // Whoever waits for a message learns at once.
    this.watched = new WatchedCall(options, (failure) => this.watched.call?.destroy(failure));
  }

  /** Makes the call; when that fails, the loop over the responses throws the error and there is no call. */
  start(client: Client, make: MakeCall<C>): C | undefined {
    try {
      const call = this.watched.start(client, make);
      this.messages = call[Symbol.asyncIterator]() as AsyncIterator<unknown, undefined>;
      // Until somebody begins to read, grpc-js lets the connection flow and keeps all that comes.
      call.read(0);
      return call;
    } catch (error) {
      if (!isStatusError(error)) throw error;
      this.watched.error = error;
      return undefined;
    }
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<Result> {
    if (this.messages === undefined) return this.failed(undefined);
    return this.messages.next().then(this.checked, this.failed);
  }

  async return(): Promise<Result> {
    if (!this.finished) {
      this.finished = true;
      this.watched.cancel();
      await this.messages?.return?.();
    }
    return { done: true, value: undefined };
  }

  /** grpc-js says its error apart from the stream's end, and perhaps before anybody reads. */
  private readonly checked = (result: Result): Result | Promise<Result> =>
    result.done === true ? this.failed(undefined) : result;

  private readonly failed = (error: unknown): Promise<Result> => {
    const end = { done: true, value: undefined } as const;
    if (this.finished) return Promise.resolve(end);
    this.finished = true;
    if (error !== undefined) this.watched.fail(error);
    return this.watched.error === undefined ? Promise.resolve(end) : Promise.reject(this.watched.error);
  };
}
