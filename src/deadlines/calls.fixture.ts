import { EchoRequest, type TestServer } from '../testing/index.js';

export const kinds = ['unary', 'client_stream', 'server_stream', 'bidi_stream'] as const;
export type Kind = (typeof kinds)[number];

export const methodNames: Record<Kind, string> = {
  unary: 'Echo',
  client_stream: 'ClientEcho',
  server_stream: 'ServerEcho',
  bidi_stream: 'BidiEcho',
};

type Client = TestServer['client'];
type Fields = Parameters<typeof EchoRequest.fromPartial>[0];

/** Calls the method of this kind with one request, and reads it to its end. */
export async function call(
  client: Client,
  kind: Kind,
  fields: Fields = {},
  options?: Parameters<Client['echo']>[1],
): Promise<void> {
  const request = EchoRequest.fromPartial(fields);
  if (kind === 'unary') await client.echo(request, options);
  if (kind === 'client_stream') await client.clientEcho([request], options);
  if (kind === 'server_stream') await readAll(client.serverEcho(request, options));
  if (kind === 'bidi_stream') await readAll(client.bidiEcho([request], options));
}

async function readAll(messages: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of messages);
}

/** A promise to be settled from elsewhere. */
export function deferred<T>() {
  let resolve!: (value: T) => void;
  let reject!: (reason: unknown) => void;
  const promise = new Promise<T>((...settle) => ([resolve, reject] = settle));
  return { promise, resolve, reject };
}
