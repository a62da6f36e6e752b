import { Metadata, status, type StatusObject } from '@grpc/grpc-js';

/**
 * A status as the application will be told it: grpc-js's client turns an OK without the one message that a method owes
 * into an error, above all interceptors.
 */
export function asTold(given: StatusObject, owesOne: boolean, received: number): StatusObject {
  if (given.code !== status.OK || !owesOne || received > 0) return given;
  return { code: status.UNIMPLEMENTED, details: 'No message received', metadata: given.metadata };
}

/** What grpc-js gives where a second message comes to a method that owes one. To unary calls it never delivers that one. */
export function tooManyMessages(): StatusObject {
  return { code: status.UNIMPLEMENTED, details: 'Too many responses received', metadata: new Metadata() };
}
