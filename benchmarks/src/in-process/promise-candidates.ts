import { Metadata, credentials, makeClientConstructor, type UntypedHandleCall } from '@grpc/grpc-js';
import { ServerWritableStreamImpl } from '@grpc/grpc-js/build/src/server-call.js';
import { defineServerInterceptor, implement, promiseClient } from 'grpc-js-middleware';
import type { Candidate, Pair } from './candidate.js';
import { answeredClient, inBatches } from './client-driver.js';
import { drive } from './driver.js';
import { unary, type Handler } from './scripts.js';

const bytes = Buffer.alloc(8);
const codec = (message: Buffer): Buffer => message;
const definition = {
  Get: {
    path: '/bench.v1.Bench/Get',
    originalName: 'get',
    requestStream: false,
    responseStream: false,
    requestSerialize: codec,
    requestDeserialize: codec,
    responseSerialize: codec,
    responseDeserialize: codec,
  },
} as const;

/** grpc-js makes this object for every unary call, so both sides pay for it. */
const surfaced =
  (handle: UntypedHandleCall): Handler =>
  (call, request, metadata, respond) =>
    (handle as (call: unknown, respond: unknown) => void)(
      new ServerWritableStreamImpl('/bench.v1.Bench/Get', call as never, metadata, request as never),
      respond,
    );

const plain: UntypedHandleCall = ((_call: unknown, respond: (error: null, value: Buffer) => void) =>
  respond(null, bytes)) as UntypedHandleCall;

const promised = implement(definition, { Get: () => Promise.resolve(bytes) })['Get']!;

function implemented(interceptors: Parameters<typeof drive>[0]): Pair {
  const metadata = new Metadata();
  const [before, after] = [unary(metadata, surfaced(plain)), unary(metadata, surfaced(promised))];
  return {
    without: (count) => drive(interceptors, before, count),
    with: (count) => drive(interceptors, after, count),
  };
}

interface CallbackClient {
  get(request: Buffer, done: (error?: Error | null) => void): unknown;
}

interface PromisedClient {
  get(request: Buffer): Promise<Buffer>;
}

function awaited(): Pair {
  const BenchClient = makeClientConstructor(definition, 'bench.v1.Bench');
  const channelOverride = answeredClient([]).getChannel();
  const client = new BenchClient('127.0.0.1:50051', credentials.createInsecure(), { channelOverride });
  const callbacks = client as unknown as CallbackClient;
  const promises = promiseClient(client) as unknown as PromisedClient;
  return {
    without: (count) => inBatches(count, (done) => void callbacks.get(bytes, done)),
    with: (count) => inBatches(count, (done) => void promises.get(bytes).then(() => done(), done)),
  };
}

/** What promises add to a unary call. */
export const candidates: readonly Candidate[] = [
  {
    name: 'implement, beside a plain handler',
    budget: 3,
    make: () => implemented([defineServerInterceptor('empty', () => () => ({}))]),
  },
  { name: 'implement, on a server without interceptors', make: () => implemented([]) },
  { name: 'promiseClient, beside callbacks', make: awaited },
];
