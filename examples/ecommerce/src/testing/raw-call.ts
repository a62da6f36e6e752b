import type { Client, MethodDefinition } from '@grpc/grpc-js';
import { Metadata } from '@grpc/grpc-js';
import { StatusError } from 'grpc-js-middleware';

type Serialized = Pick<MethodDefinition<unknown, unknown>, 'path' | 'requestStream' | 'responseStream'>;

/** A call whose messages are bytes, good or bad, as anybody on the network may make it; its error, if it has one. */
export function rawCall(
  client: Client,
  { path, requestStream, responseStream }: Serialized,
  messages: readonly Buffer[],
  token?: string,
): Promise<StatusError | undefined> {
  const metadata = new Metadata();
  if (token !== undefined) metadata.set('authorization', `Bearer ${token}`);
  const args = [path, asIs, asIs, metadata, { deadline: Date.now() + 10_000 }] as const;
  return new Promise((resolve) => {
    const done = (error: unknown) => resolve(error ? StatusError.from(error) : undefined);
    const reading = <Call extends NodeJS.ReadableStream>(call: Call) => call.on('error', done).on('end', done).resume();
    if (requestStream) {
      const call = responseStream
        ? reading(client.makeBidiStreamRequest(...args))
        : client.makeClientStreamRequest(...args, done);
      for (const message of messages) call.write(message);
      call.end();
    } else if (responseStream) {
      reading(client.makeServerStreamRequest(path, asIs, asIs, messages[0]!, metadata, args[4]));
    } else {
      client.makeUnaryRequest(path, asIs, asIs, messages[0]!, metadata, args[4], done);
    }
  });
}

const asIs = (bytes: Buffer): Buffer => bytes;
