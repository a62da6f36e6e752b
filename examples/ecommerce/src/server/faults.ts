import { status, type ServerInterceptingCall, type ServerInterceptor } from '@grpc/grpc-js';
import { composeServerInterceptors } from 'grpc-js-middleware';
import type { Fault } from '../gateway/contract.js';

/** Faults that may come and go while a server runs: `injectFaults` of the library, exchanged from call to call. */
export interface Faults {
  readonly interceptor: ServerInterceptor;
  /** From now on these, and no others. */
  set(faults: readonly Fault[]): Promise<void>;
}

export function changeableFaults(): Faults {
  let present = new Map<string, ServerInterceptor>();
  return {
    interceptor: function faults(descriptor, call) {
      const fault = present.get(descriptor.path);
      return fault === undefined ? (call as ServerInterceptingCall) : fault(descriptor, call);
    },
    async set(faults) {
      const { injectFaults } = await import('grpc-js-middleware/testing'); // needed by nobody else here
      const entries = faults.map(({ method, latencyMs, errorRate }) => {
        const slow = latencyMs > 0 ? [injectFaults({ delayMs: latencyMs })] : [];
        const failing = errorRate > 0 ? [injectFaults({ probability: errorRate, code: status.UNAVAILABLE })] : [];
        return [`/${method}`, composeServerInterceptors(...slow, ...failing)] as const;
      });
      present = new Map(entries);
    },
  };
}
