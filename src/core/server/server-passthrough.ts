import type { ServerCallContext } from '../context.js';
import type { GrpcServerCall } from './grpc-server-internals.js';

/** What a pass hands on as it is, towards the wire. */
export abstract class ServerPassthrough {
  protected abstract readonly call: ServerCallContext;
  /** grpc-js's name for the next layer towards the wire, which another copy of this library follows to the base call. */
  abstract nextCall: GrpcServerCall;

  startRead(): void {
    this.nextCall.startRead();
  }

  getPeer(): string {
    return this.nextCall.getPeer();
  }

  getDeadline(): Date | number {
    return this.call.deadline;
  }

  getHost(): string {
    return this.nextCall.getHost();
  }

  getAuthContext(): ReturnType<GrpcServerCall['getAuthContext']> {
    return this.nextCall.getAuthContext();
  }

  getConnectionInfo(): ReturnType<GrpcServerCall['getConnectionInfo']> {
    return this.nextCall.getConnectionInfo();
  }

  getMetricsRecorder(): object {
    return this.nextCall.getMetricsRecorder();
  }
}
