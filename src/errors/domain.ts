import { withDetails, type StatusError } from '../core/status/status-error.js';

/** The error, with this domain in every ErrorInfo that has none. */
export function inDomain(error: StatusError, domain: string | undefined): StatusError {
  if (domain === undefined) return error;
  const lacksDomain = error.errorDetails.some((detail) => detail.type === 'errorInfo' && detail.domain === '');
  if (!lacksDomain) return error;
  const filled = error.errorDetails.map((detail) =>
    detail.type === 'errorInfo' && detail.domain === '' ? { ...detail, domain } : detail,
  );
  return withDetails(error, filled);
}
