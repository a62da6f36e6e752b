import { status } from '@grpc/grpc-js';
import { errorDetail, StatusError } from 'grpc-js-middleware';

// What PostgreSQL says when it fails: five letters of https://www.postgresql.org/docs/current/errcodes-appendix.html

const UNIQUE_VIOLATION = '23505';

/**
 * What another try may mend: the connection failed (08) or none was left (53), the server goes down or ended the session
 * (57P, 25P03), another transaction was in the way (40, 55P03), or it took too long (57014).
 */
const PASSING = /^(08|53|57P|25P03|40|55P03|57014)/;

/** The same, from Node's sockets and from the driver, which has words for it only. */
const SOCKET_CODES = ['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT'];
const DRIVER_WORDS = /^(Connection terminated|timeout exceeded when trying to connect|Client .* is not queryable)/;

const RETRY_DELAY_MS = 200;

/** Whether the database refused a row because another has the same value where only one may. */
export function isUniqueViolation(error: unknown): boolean {
  return originOf(error).code === UNIQUE_VIOLATION;
}

/** UNAVAILABLE, which clients try again, for what the database cannot help at the moment; nothing for anything else. */
export function databaseUnavailable(error: unknown): StatusError | undefined {
  const { code = '', message } = originOf(error);
  if (!PASSING.test(code) && !SOCKET_CODES.includes(code) && !DRIVER_WORDS.test(message)) return undefined;
  const errorDetails = [errorDetail.retryInfo({ retryDelayMs: RETRY_DELAY_MS })];
  return new StatusError(status.UNAVAILABLE, 'The database is busy or away: try again', { cause: error, errorDetails });
}

/** What the driver threw: drizzle wraps it. */
function originOf(error: unknown): { readonly code?: string; readonly message: string } {
  const origin = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  if (!(origin instanceof Error)) return { message: '' };
  const { code } = origin as { code?: unknown };
  return { code: typeof code === 'string' ? code : undefined, message: origin.message };
}
