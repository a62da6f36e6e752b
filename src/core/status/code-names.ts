/** The names of gRPC's codes by number as Go writes them, which is what its dashboards and log queries look for. */
const CAMEL_CASE: readonly string[] = [
  'OK',
  'Canceled',
  'Unknown',
  'InvalidArgument',
  'DeadlineExceeded',
  'NotFound',
  'AlreadyExists',
  'PermissionDenied',
  'ResourceExhausted',
  'FailedPrecondition',
  'Aborted',
  'OutOfRange',
  'Unimplemented',
  'Internal',
  'Unavailable',
  'DataLoss',
  'Unauthenticated',
];

/** All seventeen, by number. */
export const camelCaseCodes = CAMEL_CASE;

/** Go's name of a code, such as `NotFound`; `Unknown` for what is no gRPC code. */
export function camelCaseCode(code: number): string {
  return CAMEL_CASE[code] ?? 'Unknown';
}
