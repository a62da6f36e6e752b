import { Metadata } from '@grpc/grpc-js';

/** A Metadata, of whichever copy of grpc-js. */
export function isMetadata(value: unknown): value is Metadata {
  if (value instanceof Metadata) return true;
  const { getMap, clone } = (value ?? {}) as Partial<Metadata>;
  return typeof getMap === 'function' && typeof clone === 'function';
}
