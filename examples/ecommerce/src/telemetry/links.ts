import type { ServerInterceptor } from '@grpc/grpc-js';
import { describeServer, type Method } from 'grpc-js-middleware';

/** An interceptor as it applies to a method. */
export interface Link {
  /** None where it does not apply. */
  readonly name: string | undefined;
  /** What it does to calls of the method, in a few words. */
  readonly explanation: string | undefined;
}

/** What each of the interceptors is to a method, by what the library says of them. */
export function linksOf(interceptors: readonly ServerInterceptor[], method: Method): Link[] {
  return interceptors.map((interceptor) => linkOf(interceptor, method));
}

function linkOf(interceptor: ServerInterceptor, { path, kind }: Method): Link {
  const definition = {
    path,
    requestStream: kind === 'client_stream' || kind === 'bidi_stream',
    responseStream: kind === 'server_stream' || kind === 'bidi_stream',
  };
  const described = describeServer(
    [interceptor],
    [{ only: definition } as unknown as Parameters<typeof describeServer>[1][0]],
  );
  // A line for each interceptor, indented, under the method's: `  auth  role admin or service`.
  const [, name, explanation] = /^ {2}(\S+(?: \S+)*)(?: {2,}(.*))?$/m.exec(described) ?? [];
  return name === 'no interceptor' ? { name: undefined, explanation: undefined } : { name, explanation };
}
