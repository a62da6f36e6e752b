import { inspect } from 'node:util';
import { isError } from '../core/base/is-error.js';
import type { ServerCallContext } from '../core/context.js';
import { optionError } from '../core/base/options.js';
import { isThenable } from '../core/base/report-failure.js';
import { isStatusError, type StatusError } from '../core/status/status-error.js';
import type { ErrorRules } from './error-rules.js';

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

const reported = new Set<string>();

/** The operator is told once per option, since what fails once fails for every error of its kind. */
function report(option: 'map' | 'onUnknown', failure: unknown): void {
  if (reported.has(option)) return;
  reported.add(option);
  const consequence = option === 'map' ? 'the error was taken for an unknown one' : 'the call was not affected';
  const cause = isError(failure) ? (failure.stack ?? failure.message) : inspect(failure);
  process.emitWarning(`errorServerInterceptor: ${option} failed; ${consequence}. ${cause}`, {
    code: 'GRPC_JS_MIDDLEWARE_HOOK',
  });
}
