const UNIQUE_VIOLATION = '23505';

/** Whether the database refused a row because another has the same value where only one may. */
export function isUniqueViolation(error: unknown): boolean {
  // drizzle wraps what the driver threw
  const { cause } = error as { cause?: { code?: unknown } };
  return cause?.code === UNIQUE_VIOLATION;
}
