import type { ServiceDefinition } from '@grpc/grpc-js';
import type { Kind } from './plan.js';

/** What travels: a number. */
export interface Numbered {
  readonly n: number;
}

export const serialize = ({ n }: Numbered): Buffer => Buffer.from([n]);
export const deserialize = (bytes: Buffer): Numbered => ({ n: bytes[0]! });

const method = (name: Kind, requestStream: boolean, responseStream: boolean) => ({
  path: `/simulation.Service/${name}`,
  requestStream,
  responseStream,
  requestSerialize: serialize,
  requestDeserialize: deserialize,
  responseSerialize: serialize,
  responseDeserialize: deserialize,
  originalName: name,
});

/** A service with one method of each kind. */
export const service = {
  unary: method('unary', false, false),
  serverStream: method('serverStream', false, true),
  clientStream: method('clientStream', true, false),
  bidi: method('bidi', true, true),
} satisfies ServiceDefinition;
