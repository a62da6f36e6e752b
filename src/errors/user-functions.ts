import type { ServerCallContext } from '../core/context.js';
import { optionError } from '../core/options.js';
import { isThenable, reportHookFailure } from '../core/report.js';
import { isStatusError, type StatusError } from '../core/status-error.js';
import type { ErrorRules } from './error-hooks.js';

/** What `map` makes of an error; one that fails is reported, and says so. */
export function mapError(
  map: NonNullable<ErrorRules['map']>,
  error: unknown,
  call: ServerCallContext,
): StatusError | undefined | 'failed' {
  try {
    const result: unknown = map(error, call);
    if (result === undefined || result === null) return undefined;
    if (isStatusError(result)) return result;
    if (isThenable(result)) result.then(undefined, () => undefined);
    report('map', optionError('errorServerInterceptor: the result of map', 'a StatusError or undefined', result));
  } catch (failure) {
    report('map', failure);
  }
  return 'failed';
}

/** Tells `onUnknown`, whatever comes of it. */
export function notify(onUnknown: NonNullable<ErrorRules['onUnknown']>, error: unknown, call: ServerCallContext): void {
  try {
    const result: unknown = onUnknown(error, call);
    if (isThenable(result)) result.then(undefined, (failure: unknown) => report('onUnknown', failure));
  } catch (failure) {
    report('onUnknown', failure);
  }
}

const report = (option: string, failure: unknown): void => reportHookFailure('errors', option, failure);
