import { Metadata, type ServiceError } from '@grpc/grpc-js';
import { EchoRequest, type EchoServiceClient } from '../gen/grpc_js_middleware/testing/v1/echo.js';

const deadline = (): { deadline: number } => ({ deadline: Date.now() + 10_000 });

/** Makes a call that is to fail, and gives the error as grpc-js's own client has it. */
export type FailingCall = (client: EchoServiceClient) => Promise<ServiceError>;

/** One call of each kind. */
export const failingCalls: Readonly<Record<'unary' | 'clientStream' | 'serverStream' | 'bidiStream', FailingCall>> = {
  unary: (client) =>
    failure((settle) => client.echo(EchoRequest.create(), new Metadata(), deadline(), (error) => settle(error))),
  clientStream: (client) => failure((settle) => client.clientEcho(deadline(), (error) => settle(error)).end()),
  serverStream: (client) =>
    failure((settle) =>
      client.serverEcho(EchoRequest.create(), deadline()).on('error', settle).on('end', settle).resume(),
    ),
  bidiStream: (client) =>
    failure((settle) => client.bidiEcho(deadline()).on('error', settle).on('end', settle).resume().end()),
};

function failure(start: (settle: (error?: Error | null) => void) => unknown): Promise<ServiceError> {
  return new Promise((resolve, reject) =>
    start((error) => (error ? resolve(error as ServiceError) : reject(new Error('The call did not fail')))),
  );
}

/** Trailers that applications and interceptors set: what is left of the received ones without HTTP's own. */
export function ownTrailers(error: { readonly metadata: Metadata }): string[] {
  return Object.keys(error.metadata.getMap()).filter((key) => !['content-type', 'date'].includes(key));
}
