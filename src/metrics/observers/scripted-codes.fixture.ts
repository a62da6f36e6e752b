import type { ServerInterceptor } from '@grpc/grpc-js';
import { defineServerInterceptor } from '../../core/define.js';
import { StatusError } from '../../core/status-error.js';

/** For tests: refuses the calls that reach a server with these codes in turn, 0 for none; then nothing any more. */
export function scriptedCodes(codes: number[]): ServerInterceptor {
  return defineServerInterceptor('scripted-codes', () => () => ({
    admit() {
      const code = codes.shift() ?? 0;
      if (code !== 0) throw new StatusError(code, 'scripted');
    },
  }));
}
