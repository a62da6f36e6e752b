// A server whose one method burns CPU. Arguments: `bare` or `shedding`, and the milliseconds to burn.
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { loadSheddingServerInterceptor } from 'grpc-js-middleware/overload';
import { burnService } from './service.js';

const [mode = 'bare', burnMs = '5'] = process.argv.slice(2);

/** CPU time rather than the clock's: on a machine that others use, too, work takes longer, and not less. */
function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

const server = new Server({ interceptors: mode === 'shedding' ? [loadSheddingServerInterceptor()] : [] });

server.addService(burnService, {
  burn(_call: unknown, callback: (error: null, answer: Buffer) => void) {
    const until = cpuMs() + Number(burnMs);
    while (cpuMs() < until);
    callback(null, Buffer.alloc(0));
  },
});
server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error;
  process.send!(port);
});
