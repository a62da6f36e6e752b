import { isError } from './is-error.js';

const reported = new Set<string>();

/**
 * A hook failed where nothing can be made of it: the call goes on as if the hook had returned nothing. The operator is
 * told once per interceptor and hook, since a broken logger would otherwise fill the log with itself.
 */
export function reportHookFailure(interceptor: string, hook: string, error: unknown): void {
  const place = `${hook} of interceptor '${interceptor}'`;
  if (reported.has(place)) return;
  reported.add(place);
  const cause = isError(error) ? (error.stack ?? error.message) : String(error);
  process.emitWarning(`${place} failed; the call was not affected. ${cause}`, { code: 'GRPC_JS_MIDDLEWARE_HOOK' });
}

/** Tells thenables from values, without a promise for what needs none. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function';
}
