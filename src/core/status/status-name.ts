import { status } from '@grpc/grpc-js';

/**
 * The name of a status code as the specification writes it, such as `'NOT_FOUND'`. A number that gRPC does not know is
 * `'UNKNOWN'`, which is how gRPC treats it.
 */
export function statusName(code: number): StatusName {
  return (status[code] as StatusName | undefined) ?? 'UNKNOWN';
}

/** `'OK'`, `'CANCELLED'`, … `'UNAUTHENTICATED'`. */
export type StatusName = keyof typeof status;
