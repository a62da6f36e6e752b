import { status, type Metadata } from '@grpc/grpc-js';
import { EchoRequest, type TestServer } from 'grpc-js-middleware/testing';
import { REFUSED } from './stacks.js';

/** More than the server of the soak accepts. */
export const TOO_LARGE = 100_000;

/** Every way in which a call may end but for a lost connection, which the suite sees to. */
const FATES = ['answered', 'failed', 'refused', 'cancelled', 'expired', 'oversized', 'undecodable', 'slow'] as const;
const KINDS = 4;

/** The call's number decides its kind, and how it ends. Resolves when it has ended, however that was. */
export function oneCall(server: TestServer, metadata: Metadata, number: number): Promise<unknown> {
  const kind = number % KINDS;
  const fate = FATES[Math.floor(number / KINDS) % FATES.length]!;
  if (fate === 'undecodable') return garbage(server, metadata);
  const request = requestFor(fate);
  const abort = new AbortController();
  const options = {
    metadata,
    ...(fate === 'expired' ? { timeoutMs: 1 } : {}),
    ...(fate === 'cancelled' ? { signal: abort.signal } : {}),
  };
  const { client } = server;
  const running = [
    () => client.echo(request, options),
    () => drain(client.serverEcho(request, options)),
    () => client.clientEcho([request, request], options),
    () => drain(client.bidiEcho([request, request], options)),
  ][kind]!();
  if (fate === 'cancelled') setImmediate(() => abort.abort());
  return running.catch(() => undefined);
}

function requestFor(fate: (typeof FATES)[number]): EchoRequest {
  return EchoRequest.fromPartial({
    text: fate === 'refused' ? REFUSED : 'a',
    count: 3,
    delayMs: ['cancelled', 'expired', 'slow'].includes(fate) ? 5 : 0,
    ...(fate === 'failed' ? { errorCode: status.NOT_FOUND, errorText: 'no such thing' } : {}),
    ...(fate === 'oversized' ? { payload: Buffer.alloc(TOO_LARGE) } : {}),
  });
}

/** Bytes that are no message. */
function garbage({ rawClient }: TestServer, metadata: Metadata): Promise<unknown> {
  return new Promise((resolve) => {
    rawClient.makeUnaryRequest(
      '/grpc_js_middleware.testing.v1.EchoService/Echo',
      () => Buffer.from([0xff, 0xff, 0xff]),
      (bytes) => bytes,
      undefined,
      metadata,
      resolve,
    );
  });
}

async function drain(messages: AsyncIterable<unknown>): Promise<void> {
  for await (const _message of messages);
}
