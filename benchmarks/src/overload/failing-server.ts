// A server that answers, or refuses everything at once while it is told to fail. It counts attempts.
import { Server, ServerCredentials, status, type ServerUnaryCall } from '@grpc/grpc-js';
import { answerQuestions } from '../harness/worker.js';
import { burnService } from './service.js';

/** Begins to fail, or to answer again; asks for the attempts since the last such order. */
export interface FailingOrder {
  readonly failing: boolean;
}

/** Attempts that came: the first of a call, and further ones, as `grpc-previous-rpc-attempts` tells. */
export interface Attempts {
  readonly first: number;
  readonly further: number;
}

let failing = false;
let first = 0;
let further = 0;
const server = new Server();

server.addService(burnService, {
  burn({ metadata }: ServerUnaryCall<Buffer, Buffer>, callback: (error: object | null, answer?: Buffer) => void) {
    if (metadata.get('grpc-previous-rpc-attempts').length > 0) further++;
    else first++;
    if (failing) callback({ code: status.UNAVAILABLE, details: 'failing' });
    else callback(null, Buffer.alloc(0));
  },
});
server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) => {
  if (error !== null) throw error;
  answerQuestions<FailingOrder, Attempts>(port, (order) => {
    const attempts = { first, further };
    ({ failing } = order);
    first = further = 0;
    return attempts;
  });
});
