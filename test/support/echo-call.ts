import { Metadata, type CallOptions, type ServiceError } from '@grpc/grpc-js';
import type { CallKind } from 'grpc-js-middleware';
import {
  EchoRequest,
  type EchoResponse,
  type EchoServiceClient,
} from '../../src/gen/grpc_js_middleware/testing/v1/echo.js';

export const kinds: readonly CallKind[] = ['unary', 'client_stream', 'server_stream', 'bidi_stream'];

/** How a client saw a call end. */
export interface Seen {
  readonly code: number;
  readonly details: string;
  readonly metadata: Metadata;
  readonly received: readonly EchoResponse[];
  /** What came before the first response: one, or none of a call that ended with its status alone. */
  readonly headers: readonly Metadata[];
}

/** A call of any kind, through grpc-js's own client. */
export interface EchoCall {
  /** Resolves at the end, good or bad. */
  readonly seen: Promise<Seen>;
  /** Resolves with the first response, or at the end. */
  readonly answered: Promise<void>;
  cancel(): void;
}

/** Resolves once a client has a connection, so that a deadline is that of the call alone. */
export function connected(client: EchoServiceClient): Promise<void> {
  return new Promise((resolve, reject) =>
    client.waitForReady(Infinity, (error) => (error === undefined ? resolve() : reject(error))),
  );
}

/** Starts a call of this kind; request streams send `requests` and then half-close, unless they are to stay open. */
export function echoCall(
  client: EchoServiceClient,
  kind: CallKind,
  requests: readonly Partial<EchoRequest>[] = [{}],
  {
    keepOpen = false,
    metadata = new Metadata(),
    ...options
  }: CallOptions & { keepOpen?: boolean; metadata?: Metadata } = {},
): EchoCall {
  const messages = requests.map((request) => EchoRequest.fromPartial(request));
  const received: EchoResponse[] = [];
  const headers: Metadata[] = [];
  let ended!: (seen: Seen) => void;
  let first!: () => void;
  const seen = new Promise<Seen>((resolve) => (ended = resolve));
  const answered = new Promise<void>((resolve) => (first = resolve));
  const call = start();
  call.on('data', take);
  call.on('metadata', (metadata: Metadata) => void headers.push(metadata));
  call.on('error', () => undefined);
  call.on('status', ({ code, details, metadata: trailers }: Seen) => {
    first();
    // 'data' of the last messages may still be on its way when the status comes.
    setImmediate(() => ended({ code, details, metadata: trailers, received, headers }));
  });
  return { seen, answered, cancel: () => call.cancel() };

  function take(response: EchoResponse): void {
    received.push(response);
    first();
  }

  function start() {
    const one = (_error: ServiceError | null, response?: EchoResponse): void => void (response && take(response));
    if (kind === 'unary') return client.echo(messages[0]!, metadata, options, one);
    if (kind === 'server_stream') return client.serverEcho(messages[0]!, metadata, options);
    const stream =
      kind === 'client_stream' ? client.clientEcho(metadata, options, one) : client.bidiEcho(metadata, options);
    for (const message of messages) stream.write(message);
    if (!keepOpen) stream.end();
    return stream;
  }
}
