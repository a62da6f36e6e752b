import { status, type UntypedHandleCall } from '@grpc/grpc-js';
import type { ServerCallContext } from '../core/context.js';
import type { Method } from '../core/method.js';
import { isThenable } from '../core/base/report-failure.js';
import { serverCallOf } from '../core/server/server-call.js';
import { StatusError } from '../core/status/status-error.js';
import type { HandledCall, Respond, SurfaceCall } from './handled-call.js';
import { isIterable, iteratorOf } from './iterate.js';
import { Pump } from './pump.js';
import { Requests } from './requests.js';
import { runBare } from './run-bare.js';

/** A method and the handler that `implement` was given for it. */
export interface ServedMethod {
  readonly method: Method;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
  readonly handler: (request: unknown, call: ServerCallContext) => unknown;
  /** Gives the message to send, or throws when what the handler gave is none. */
  readonly check: (message: unknown) => unknown;
}

/** The handler in grpc-js's form. */
export function surfaceHandler(served: ServedMethod): UntypedHandleCall {
  const run = served.responseStream ? runStreaming : runSingle;
  return ((call: SurfaceCall, respond: Respond) => {
    const context: HandledCall | undefined = serverCallOf(call);
    if (context === undefined) {
      runBare(served.method, call, respond, (bare, respondBare) => run(served, call, bare, respondBare));
      return;
    }
    context.managed = true;
    run(served, call, context, respond);
  }) as unknown as UntypedHandleCall;
}

/** One response: nobody waits for a handler that has it at once. */
function runSingle(served: ServedMethod, call: SurfaceCall, context: HandledCall, respond: Respond): void {
  try {
    const answer = served.handler(inputOf(served, call, context), context);
    if (!isThenable(answer)) {
      succeed(served, context, respond, answer);
      return;
    }
    // Of a promise that is one already, `resolve` makes none.
    Promise.resolve(answer).then(
      (message) => succeed(served, context, respond, message),
      (error: unknown) => fail(context, respond, error),
    );
  } catch (error) {
    fail(context, respond, error);
  }
}

function succeed(served: ServedMethod, context: HandledCall, respond: Respond, message: unknown): void {
  try {
    // Even after the call's end, when it is not sent: an idempotency key keeps what a handler achieved.
    respond(null, served.check(message));
  } catch (error) {
    fail(context, respond, error);
  }
}

/** What is thrown after the call's end, such as an abort reason, can no longer be sent. Never throws itself. */
function fail(context: HandledCall, respond: Respond, error: unknown): void {
  try {
    if (context.concluded) context.noteError(error);
    else respond(context.fail(error));
  } catch (unsendable) {
    context.noteError(unsendable);
  }
}

/** grpc-js gives no callback here; an error is emitted. */
function runStreaming(served: ServedMethod, call: SurfaceCall, context: HandledCall, respond?: Respond): void {
  const refuse = respond ?? ((failure) => void call.emit('error', failure));
  stream(served, call, context).catch((error: unknown) => fail(context, refuse, error));
}

async function stream(served: ServedMethod, call: SurfaceCall, context: HandledCall): Promise<void> {
  const source = await served.handler(inputOf(served, call, context), context);
  if (!isIterable(source)) throw notIterable(source);
  const pump = new Pump(iteratorOf(source), call, served.check, (error) => context.noteError(error));
  context.onConclude(() => {
    pump.stop();
    release(call);
  });
  if (await pump.run()) {
    call.end();
    context.handlerDone();
  } else {
    context.handlerSettled();
  }
}

function inputOf({ requestStream }: ServedMethod, call: SurfaceCall, context: HandledCall): unknown {
  return requestStream ? new Requests(call, context) : call.request;
}

/**
 * Wakes whoever waits for a request. grpc-js does so itself, but not while responses wait for a client that does not
 * read. A stream that was ended still has its status to send.
 */
function release(call: SurfaceCall): void {
  if (!call.writableEnded) call.destroy();
}

function notIterable(source: unknown): StatusError {
  return new StatusError(status.INTERNAL, 'The handler returned no stream of messages', {
    cause: new TypeError(
      `The handler of a streaming response must be an async generator, or return an iterable; got ${typeof source}`,
    ),
  });
}
