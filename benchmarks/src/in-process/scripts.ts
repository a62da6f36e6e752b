import type { Metadata } from '@grpc/grpc-js';
import { status } from '@grpc/grpc-js';
import type { Descriptor, DrivenCall, DrivenListener, Script } from './driver.js';

/** Long enough that what a call costs disappears beside what its messages cost. */
export const STREAM_LENGTH = 1_000;

const OK = { code: status.OK, details: 'OK', metadata: null };
const response = { ok: true };

/** A handler of grpc-js: the call's surface and how to answer. */
export type Handler = (
  call: DrivenCall,
  request: unknown,
  metadata: Metadata,
  respond: (error: unknown, value?: unknown) => void,
) => void;

const answer: Handler = (_call, _request, _metadata, respond) => respond(null, response);

const descriptor = (name: string, requestStream: boolean, responseStream: boolean): Descriptor => ({
  path: `/bench.v1.Bench/${name}`,
  requestStream,
  responseStream,
  requestDeserialize: (bytes) => bytes,
  responseSerialize: () => Buffer.alloc(0),
});

/** One request, one response: the part that grpc-js plays in `handleUnary`. */
export function unary(metadata: Metadata, handler: Handler = answer): Script {
  return {
    descriptor: descriptor('Get', false, false),
    metadata,
    requests: 1,
    serve: (call) => new UnaryListener(call, handler),
  };
}

class UnaryListener implements DrivenListener {
  private metadata!: Metadata;
  private request: unknown;

  constructor(
    private readonly call: DrivenCall,
    private readonly handler: Handler,
  ) {}

  onReceiveMetadata(metadata: Metadata): void {
    this.metadata = metadata;
    this.call.startRead();
  }

  onReceiveMessage(message: unknown): void {
    this.request = message;
    this.call.startRead();
  }

  onReceiveHalfClose(): void {
    const { call } = this;
    this.handler(call, this.request, this.metadata, (error, value) => {
      if (error) call.sendStatus({ code: status.UNKNOWN, details: 'failed', metadata: null });
      else call.sendMessage(value, () => call.sendStatus(OK));
    });
  }

  onCancel(): void {}
}

/** One request, many responses. */
export function serverStream(metadata: Metadata): Script {
  return {
    descriptor: descriptor('List', false, true),
    metadata,
    requests: 1,
    serve: (call) => ({
      onReceiveMetadata: () => call.startRead(),
      onReceiveMessage: () => call.startRead(),
      onReceiveHalfClose: () => writeAll(call),
      onCancel() {},
    }),
  };
}

/** A loop, since a writer goes on from within the callback of the message before. */
function writeAll(call: DrivenCall): void {
  let left = STREAM_LENGTH;
  let free = true;
  const written = (): void => void (free = true);
  while (left-- > 0) {
    if (!free) throw new Error('A message was not written at once');
    free = false;
    call.sendMessage(response, written);
  }
  call.sendStatus(OK);
}

/** Many requests, one response. */
export function clientStream(metadata: Metadata): Script {
  return {
    descriptor: descriptor('Upload', true, false),
    metadata,
    requests: STREAM_LENGTH,
    serve: (call) => ({
      onReceiveMetadata: () => call.startRead(),
      onReceiveMessage: () => call.startRead(),
      onReceiveHalfClose: () => call.sendMessage(response, () => call.sendStatus(OK)),
      onCancel() {},
    }),
  };
}
