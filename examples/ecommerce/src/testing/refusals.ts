import { ValidationError, isStatusError, type StatusError } from 'grpc-js-middleware';

/** The error of a call that has to fail. */
export async function refusal(call: Promise<unknown>): Promise<StatusError> {
  const error = await call.then(
    () => new Error('the call succeeded'),
    (thrown: unknown) => thrown,
  );
  if (isStatusError(error)) return error;
  throw error;
}

/** The errors of calls that all have to fail, made at the same time. */
export function refusals(calls: readonly Promise<unknown>[]): Promise<StatusError[]> {
  return Promise.all(calls.map(refusal));
}

/** The fields that a call was refused for. */
export async function violationsOf(call: Promise<unknown>): Promise<string[]> {
  const error = await refusal(call);
  if (error instanceof ValidationError) return error.violations.map(({ field }) => field);
  throw error;
}
