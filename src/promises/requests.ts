import type { HandledCall, SurfaceCall } from './handled-call.js';

/**
 * The requests of a streaming call. Leaving a loop over them does not end the call, and a later loop goes on where the
 * first stopped. When the call ends early, the loop throws the reason: it ends by itself only when the client has sent
 * all it wanted to.
 */
export class Requests implements AsyncIterable<unknown> {
  constructor(
    private readonly call: SurfaceCall,
    private readonly context: HandledCall,
  ) {}

  [Symbol.asyncIterator](): AsyncIterator<unknown, undefined> {
    return new RequestIterator(this.call.iterator({ destroyOnReturn: false }), this.context);
  }
}

class RequestIterator implements AsyncIterator<unknown, undefined> {
  constructor(
    private readonly messages: AsyncIterator<unknown, undefined>,
    private readonly context: HandledCall,
  ) {}

  next(): Promise<IteratorResult<unknown, undefined>> {
    return this.messages.next().then(undefined, this.broken);
  }

  return(): Promise<IteratorResult<unknown, undefined>> {
    return this.messages.return!();
  }

  /** grpc-js destroys the stream at every end, and Node calls that a premature close. */
  private readonly broken = (error: unknown): IteratorResult<unknown, undefined> => {
    const { signal, concluded } = this.context;
    if (signal.aborted) throw signal.reason;
    // The handler itself has answered: whoever still reads is done.
    if (concluded) return { done: true, value: undefined };
    throw error;
  };
}
