import { yieldTurn } from '../core/base/yields.js';
import type { Metadata } from '@grpc/grpc-js';
import { callStorage } from '../core/context.js';
import type { Method } from '../core/method.js';
import { BareCall } from './bare-call.js';
import type { HandledCall, Respond, SurfaceCall } from './handled-call.js';

/** Runs a handler with a {@link BareCall}, whose headers and trailers go out with what the handler answers. */
export function runBare(
  method: Method,
  call: SurfaceCall,
  respond: Respond | undefined,
  run: (context: HandledCall, respond: Respond) => void,
): void {
  const context = new BareCall(method, call);
  const send = respond === undefined ? throughStream(call, context) : throughCallback(respond, context);
  context.refuse = send;
  holdHalfClose(call);
  callStorage.run(context, () => run(context, send));
}

function throughCallback(respond: Respond, context: BareCall): Respond {
  return (error, message) => {
    if (error === null) context.sendHeaders();
    context.conclude();
    if (error === null) respond(null, message, context.trailers());
    else respond({ code: error.code, details: error.details, metadata: context.trailers(error) });
  };
}

function throughStream(call: SurfaceCall, context: BareCall): Respond {
  const write = call.write.bind(call) as (message: unknown) => boolean;
  const end = call.end.bind(call) as (trailers: Metadata) => SurfaceCall;
  Object.assign(call, {
    write: (message: unknown) => {
      context.sendHeaders();
      return write(message);
    },
    // grpc-js ends the stream after an error, too, whose own trailers then count.
    end: () => {
      if (!context.concluded) context.sendHeaders();
      context.conclude();
      return end(context.trailers());
    },
  });
  return (error) => {
    if (error === null) return;
    context.conclude();
    call.emit('error', { code: error.code, details: error.details, metadata: context.trailers(error) });
  };
}

/**
 * A cancelled upload looks finished for a turn or two of the event loop, until the reset is read: the end of requests
 * waits for that long.
 */
function holdHalfClose(call: SurfaceCall): void {
  const push = call.push?.bind(call) as ((message: unknown) => boolean) | undefined;
  if (push === undefined) return;
  Object.assign(call, {
    push: (message: unknown) => {
      if (message !== null) return push(message);
      yieldTurn(() => yieldTurn(() => call.destroyed || push(null)));
      return true;
    },
  });
}
