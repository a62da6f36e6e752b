import type {
  handleBidiStreamingCall,
  handleClientStreamingCall,
  handleServerStreamingCall,
  handleUnaryCall,
} from '@grpc/grpc-js';
import type { EchoHandlers, EchoRequest, EchoResponse } from 'grpc-js-middleware/testing';

type Request = ReturnType<typeof EchoRequest.create>;
type Response = ReturnType<typeof EchoResponse.create>;

const answer = ({ text, payload }: Request, count: number): Response => ({ text, payload, count });

const echo: handleUnaryCall<Request, Response> = (call, respond) => respond(null, answer(call.request, 1));

const serverEcho: handleServerStreamingCall<Request, Response> = (call) => {
  let place = 0;
  const go = (): void => {
    while (place++ < call.request.count) {
      if (!call.write(answer(call.request, place))) {
        call.once('drain', go);
        return;
      }
    }
    call.end();
  };
  go();
};

const clientEcho: handleClientStreamingCall<Request, Response> = (call, respond) => {
  let last: Request | undefined;
  let count = 0;
  call.on('data', (request: Request) => {
    last = request;
    count++;
  });
  call.on('end', () => respond(null, answer(last!, count)));
};

const bidiEcho: handleBidiStreamingCall<Request, Response> = (call) => {
  let count = 0;
  call.on('data', (request: Request) => {
    if (call.write(answer(request, ++count))) return;
    call.pause();
    call.once('drain', () => call.resume());
  });
  call.on('end', () => call.end());
};

/** Handlers as grpc-js has them. */
export const plainHandlers = { echo, serverEcho, clientEcho, bidiEcho };

/** The same for `implement`. */
export const promisedHandlers: EchoHandlers = {
  echo: (request) => Promise.resolve(answer(request, 1)),
  // eslint-disable-next-line @typescript-eslint/require-await -- as users write it
  async *serverEcho(request) {
    for (let place = 1; place <= request.count; place++) yield answer(request, place);
  },
  async clientEcho(requests) {
    let last: Request | undefined;
    let count = 0;
    for await (last of requests) count++;
    return answer(last!, count);
  },
  async *bidiEcho(requests) {
    let count = 0;
    for await (const request of requests) yield answer(request, ++count);
  },
};
