import { remember } from './base/remember.js';

/** How many messages travel each way. The names are those of the `grpc_type` metric label. */
export type CallKind = 'unary' | 'client_stream' | 'server_stream' | 'bidi_stream';

/** One method of a service: what an interceptor is told once, before it sees calls. */
export interface Method {
  /** As on the wire: `/pkg.Service/Name`. */
  readonly path: string;
  /** Fully qualified: `pkg.Service`. */
  readonly service: string;
  /** `Name`. */
  readonly name: string;
  /** How many messages travel each way. */
  readonly kind: CallKind;
}

/** The part of grpc-js's method definitions, on either side, that identifies a method. */
export interface MethodDescriptor {
  readonly path: string;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
}

const known = new Map<string, Method>();

/** The {@link Method} of a grpc-js definition: one object per path, while they are not too many. */
export function methodOf(descriptor: MethodDescriptor): Method {
  const kind = kindOf(descriptor);
  const found = known.get(descriptor.path);
  if (found?.kind === kind) return found;
  const slash = descriptor.path.lastIndexOf('/');
  const method: Method = Object.freeze({
    path: descriptor.path,
    service: descriptor.path.slice(descriptor.path.startsWith('/') ? 1 : 0, Math.max(slash, 0)),
    name: descriptor.path.slice(slash + 1),
    kind,
  });
  return remember(known, descriptor.path, method);
}

function kindOf({ requestStream, responseStream }: MethodDescriptor): CallKind {
  if (requestStream) return responseStream ? 'bidi_stream' : 'client_stream';
  return responseStream ? 'server_stream' : 'unary';
}
