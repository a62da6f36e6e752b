import type { Metadata, StatusObject } from '@grpc/grpc-js';
import type { Duplex } from 'node:stream';
import { isThenable } from '../core/base/report-failure.js';
import { serverCallOf } from '../core/server/server-call.js';
import { StatusError, toStatusObject } from '../core/status/status-error.js';
import type { Respond, SurfaceCall } from './handled-call.js';

type Listener = (...args: unknown[]) => unknown;

/**
 * One call of a plain handler. Its listeners run where nobody could catch what they throw, in events of grpc-js and
 * Node's streams; but all of them are called by the call's own `emit`, so replacing that one method reaches every one.
 */
export class GuardedCall {
  private readonly context: ReturnType<typeof serverCallOf>;
  private answered = false;

  constructor(
    private readonly call: SurfaceCall,
    private readonly callback: Respond | undefined,
  ) {
    this.context = serverCallOf(call);
    this.guardEvents();
    if (callback === undefined || typeof call.read === 'function') this.guardStream();
  }

  /** Runs user code: what it throws, or rejects with, ends the call. */
  readonly run = (code: () => unknown): void => {
    try {
      const result = code();
      if (isThenable(result)) Promise.resolve(result).then(undefined, this.fail);
    } catch (error) {
      this.fail(error);
    }
  };

  /** grpc-js's callback, for one answer. */
  readonly respond: Respond = (error, message, trailers, flags) => {
    if (error) {
      this.fail(error, trailers);
    } else if (!this.answered) {
      this.answered = true;
      this.answer(message, trailers, flags);
    }
  };

  private answer(message: unknown, trailers: Metadata | undefined, flags: number | undefined): void {
    try {
      this.callback!(null, message, trailers, flags);
    } catch (error) {
      this.answered = false;
      this.fail(error);
    }
  }

  private readonly fail = (error: unknown, trailers?: Metadata): void => {
    if (this.answered || this.context?.concluded === true) {
      this.context?.noteError(error);
      return;
    }
    this.answered = true;
    const failure = withTrailers(this.context?.fail(error) ?? toStatusObject(StatusError.from(error)), trailers);
    try {
      if (this.callback !== undefined) this.callback(failure);
      else this.emit('error', failure);
    } catch (unsendable) {
      this.context?.noteError(unsendable);
    }
  };

  /** Calls a listener after the other, as `emit` does, and sees what each throws or promises. */
  private emit(event: string | symbol, ...args: unknown[]): boolean {
    const listeners = this.call.rawListeners(event) as Listener[];
    for (const listener of listeners) this.run(() => listener.apply(this.call, args));
    return listeners.length > 0;
  }

  private guardEvents(): void {
    this.call.emit = this.emitGuarded.bind(this);
  }

  private emitGuarded(event: string | symbol, ...args: unknown[]): boolean {
    if (event !== 'error') return this.emit(event, ...args);
    this.fail(args[0]);
    return true;
  }

  private guardStream(): void {
    const { call } = this;
    const destroy = call.destroy.bind(call) as (error?: Error | null) => Duplex;
    const write = call.write.bind(call) as (...args: unknown[]) => boolean;
    Object.assign(call, {
      // A stream destroyed with an error, as `pipeline` does it, would never send a status.
      destroy: (error?: Error | null) => (error ? this.fail(error) : destroy(), call),
      write: (message: unknown, encoding?: unknown, callback?: unknown) =>
        write(message, this.guarded(encoding), this.guarded(callback)),
      // Leaving a `for await` early would destroy the call, and with it the handler's way to answer.
      [Symbol.asyncIterator]: () => call.iterator({ destroyOnReturn: false }),
    });
  }

  /** A callback of user code, guarded; anything else as it is. */
  private guarded(value: unknown): unknown {
    if (typeof value !== 'function') return value;
    return (...args: unknown[]) => this.run(() => (value as Listener)(...args));
  }
}

/** grpc-js lets trailers replace the error's own, which carry its details; here they join them. */
function withTrailers(failure: StatusObject, trailers: Metadata | undefined): StatusObject {
  if (trailers === undefined) return failure;
  const metadata = failure.metadata.clone();
  metadata.merge(trailers);
  return { code: failure.code, details: failure.details, metadata };
}
