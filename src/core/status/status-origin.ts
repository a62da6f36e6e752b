import type { Metadata } from '@grpc/grpc-js';

/**
 * Where a status came from, noted on its trailers: they are the one object that grpc-js hands on from
 * `callback(error)` to an interceptor. The symbol is shared, so that two copies of this library agree.
 */
const origin = Symbol.for('grpc-js-middleware/status-origin@1');

/** A status that another server sent, or one that was made here of an error. */
export type StatusOrigin = { readonly received: true } | { readonly received: false; readonly error: Error };

/** Notes where the status with these trailers came from. */
export function noteOrigin(metadata: Metadata, value: StatusOrigin): void {
  // Unlike Object.defineProperty this does not throw on a frozen one.
  Reflect.defineProperty(metadata, origin, { value, configurable: true });
}

/** Where the status with these trailers came from, if it was noted. */
export function originOf(metadata: Metadata | null | undefined): StatusOrigin | undefined {
  return (metadata as { [origin]?: StatusOrigin } | null | undefined)?.[origin];
}

const bare = Symbol.for('grpc-js-middleware/status-without-metadata@1');

/** Notes that the status was chosen without trailers: these were made for it. */
export function noteBare(metadata: Metadata): void {
  Reflect.defineProperty(metadata, bare, { value: true });
}

/** Whether the status came without any Metadata of its own. */
export function isBare(metadata: Metadata | null | undefined): boolean {
  return metadata === null || metadata === undefined || bare in metadata;
}
