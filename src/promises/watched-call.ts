import { Metadata, type CallOptions, type Client, type ClientUnaryCall } from '@grpc/grpc-js';
import { optionError } from '../core/base/options.js';
import { isThenable } from '../core/base/report-failure.js';
import type { StatusError } from '../core/status/status-error.js';
import { aborted, brokenOff, callError, notStarted } from './client-errors.js';
import { onAbort } from './on-abort.js';
import type { PromiseCallOptions } from './promise-client-types.js';

/** Makes a call of grpc-js. */
export type MakeCall<C> = (metadata: Metadata, options: CallOptions) => C;

/**
 * A client's call and what its options ask for: it ends early when the signal aborts, or when one of its caller's own
 * functions throws, and leaves no listener on the signal.
 */
export class WatchedCall<C extends ClientUnaryCall> {
  /** grpc-js's call, once started. */
  call: C | undefined;
  /** A final status has come. */
  over = false;
  /** Why the call failed: what its caller did, else what grpc-js said. */
  error: StatusError | undefined;

  private stopListening: (() => void) | undefined;

  /** @param onBreak Told at once why the caller broke the call off; the call's own end follows. */
  constructor(
    private readonly options: PromiseCallOptions,
    private readonly onBreak: (failure: StatusError) => void,
  ) {}

  /**
   * @throws TypeError for a wrong option.
   * @throws StatusError when the call cannot be made.
   */
  start(client: Client, make: MakeCall<C>): C {
    const { signal, timeoutMs, metadata = new Metadata(), onHeaders, onTrailers: _, ...callOptions } = this.options;
    if (timeoutMs !== undefined) callOptions.deadline = earlier(callOptions.deadline, timeoutMs);
    if (signal?.aborted) throw aborted(signal);
    let call: C;
    try {
      call = this.call = make(metadata, callOptions);
    } catch (cause) {
      throw notStarted(client, cause);
    }
    call.once('status', (status) => this.end(status.metadata));
    // grpc-js emits a stream's error whether somebody listens or not, and without a listener that ends the process.
    call.on('error', (error) => this.fail(error));
    if (onHeaders !== undefined) call.on('metadata', (headers) => this.tell('onHeaders', headers));
    if (signal !== undefined && !this.over) this.stopListening = onAbort(signal, () => this.breakOff(aborted(signal)));
    return call;
  }

  /** Notes why grpc-js failed the call. */
  fail(error: unknown): void {
    this.error ??= callError(error);
  }

  /** Ends the call because of what its caller did; what the call comes to after that no longer counts. */
  breakOff(failure: StatusError): void {
    if (this.error !== undefined) return;
    this.error = failure;
    this.cancel();
    this.onBreak(failure);
  }

  /** Ends a call that nobody is interested in any more. */
  cancel(): void {
    if (!this.over) this.call?.cancel();
  }

  /** Runs when the trailers were told: grpc-js calls back first and says the status in the same turn. */
  afterTrailers(settle: () => void): void {
    if (this.options.onTrailers === undefined) settle();
    else void Promise.resolve().then(settle);
  }

  private end(trailers: Metadata): void {
    this.over = true;
    this.stopListening?.();
    this.tell('onTrailers', trailers);
  }

  private tell(name: 'onHeaders' | 'onTrailers', metadata: Metadata): void {
    const broken = (error: unknown): void => this.breakOff(brokenOff(name, error));
    try {
      const result: unknown = this.options[name]?.(metadata);
      if (isThenable(result)) result.then(undefined, broken);
    } catch (error) {
      broken(error);
    }
  }
}

function earlier(deadline: CallOptions['deadline'], timeoutMs: unknown): number {
  if (typeof timeoutMs !== 'number' || !(timeoutMs >= 0)) {
    throw optionError('promiseClient: timeoutMs', 'a number of milliseconds of at least 0', timeoutMs);
  }
  return Math.min(Number(deadline ?? Infinity), Date.now() + timeoutMs);
}
