import { setTimeout as sleep } from 'node:timers/promises';
import type { ServerCallContext } from '../core/context.js';
import { StatusError } from '../core/status/status-error.js';
import type { EchoRequest, EchoResponse, EchoServiceService } from '../gen/grpc_js_middleware/testing/v1/echo.js';
import type { ServiceHandlers } from '../promises/handlers.js';

/** Handlers of the Echo service, one per call kind. */
export type EchoHandlers = ServiceHandlers<EchoServiceService>;

/** Does what each request asks for; see `echo.proto`. */
export const echoHandlers: EchoHandlers = {
  async echo(request, call) {
    await delay(request, call);
    failAsAsked(request);
    return responseTo(request, 1);
  },

  async *serverEcho(request, call) {
    yield* answers(request, call);
  },

  async clientEcho(requests, call) {
    const texts: string[] = [];
    let last: EchoRequest | undefined;
    for await (last of requests) texts.push(last.text);
    if (last === undefined) return { text: '', count: 0, payload: Buffer.alloc(0) };
    await delay(last, call);
    failAsAsked(last);
    return { ...responseTo(last, texts.length), text: texts.join(' ') };
  },

  async *bidiEcho(requests, call) {
    for await (const request of requests) yield* answers(request, call);
  },
};

async function* answers(request: EchoRequest, call: ServerCallContext): AsyncGenerator<EchoResponse> {
  for (let place = 1; place <= Math.max(request.count, 1); place++) {
    await delay(request, call);
    yield responseTo(request, place);
  }
  failAsAsked(request);
}

function responseTo({ text, payload, responseBytes }: EchoRequest, count: number): EchoResponse {
  return { text, count, payload: responseBytes > 0 ? Buffer.alloc(responseBytes) : payload };
}

async function delay({ delayMs }: EchoRequest, call: ServerCallContext): Promise<void> {
  if (delayMs > 0) await sleep(delayMs, undefined, { signal: call.signal });
}

function failAsAsked({ errorCode, errorText }: EchoRequest): void {
  if (errorCode !== 0) throw new StatusError(errorCode, errorText);
}
