import { status } from '@grpc/grpc-js';
import type { GrpcClientCall, InterceptorOptions, NextCall } from './grpc-client-internals.js';

/** The options that grpc-js reads when it makes a call. */
const READ_AT_ONCE = ['deadline', 'host', 'parent', 'propagate_flags', 'credentials'] as const;

/**
 * A layer below that was made before its call begins, because somebody asked where the call goes, which only a call of
 * its channel tells. It serves as the call itself when the options are still the same by then; otherwise it has to be
 * disposed of: grpc-js keeps a channel from idling, and a deadline's timer running, for a call that nobody ends.
 */
export class EarlyCall {
  readonly call: GrpcClientCall;
  private readonly options: Partial<InterceptorOptions>;

  constructor(nextCall: NextCall, options: InterceptorOptions) {
    this.options = { ...options };
    this.call = nextCall(options);
  }

  /** Whether a call made with these options now would be the same. */
  fits(options: InterceptorOptions): boolean {
    return READ_AT_ONCE.every((name) => this.options[name] === options[name]);
  }

  dispose(): void {
    try {
      this.call.cancelWithStatus(status.CANCELLED, 'Never started');
    } catch {
      // A foreign interceptor's: the call that it keeps open never began for anybody.
    }
  }
}
