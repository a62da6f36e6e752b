import { status } from '@grpc/grpc-js';
import { inspect } from 'node:util';
import { isError } from '../core/base/is-error.js';
import { errorDetail } from '../core/status/details.js';
import { isStatusError, StatusError } from '../core/status/status-error.js';

/** What is sent for an error that nobody meant to send: INTERNAL 'Internal error', unless it is to be shown. */
export function hiddenError(error: unknown, expose: boolean): StatusError {
  if (!expose) return new StatusError(status.INTERNAL, 'Internal error', { cause: error });
  const { text, stack } = described(error);
  const errorDetails = stack.length > 0 ? [errorDetail.debugInfo({ stackEntries: stack, detail: text })] : [];
  return new StatusError(status.INTERNAL, text, { cause: error, errorDetails });
}

function described(error: unknown): { readonly text: string; readonly stack: readonly string[] } {
  try {
    if (isStatusError(error)) return { text: error.details, stack: [] };
    if (!isError(error)) return { text: inspect(error, { depth: 1, breakLength: Infinity }), stack: [] };
    const lines = (error.stack ?? '').split('\n').filter((line) => line.trimStart().startsWith('at '));
    return { text: String(error), stack: lines.map((line) => line.trim()) };
  } catch {
    return { text: 'An error that cannot be described', stack: [] };
  }
}
