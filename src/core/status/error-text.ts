import { statusName } from './status-name.js';

/** Characters of a validation text beyond which further violations are only counted: all of them are in the details. */
const ENOUGH = 500;

/** The message of an error, of its code and text: the same as grpc-js's own errors have. */
export function statusMessage(code: number, details: string): string {
  return `${code} ${statusName(code)}: ${details}`;
}

/** `validation error in field 'id': ID must be positive`; further fields follow after semicolons. */
export function validationText(
  violations: readonly { readonly field: string; readonly description: string }[],
): string {
  let text = 'validation error';
  for (const [index, { field, description }] of violations.entries()) {
    if (text.length > ENOUGH) return `${text}; and ${violations.length - index} more`;
    text += `${index === 0 ? '' : ';'} in field '${field}': ${description}`;
  }
  return text;
}

const BUSINESS = 'business error [';

/** `business error [PRODUCT_NOT_FOUND]: Product not found`. */
export function businessText(reason: string, message: string): string {
  return `${BUSINESS}${reason}]: ${message}`;
}

/** Tells a business error that has a BadRequest, too, from a validation error. */
export function isBusinessText(details: string): boolean {
  return details.startsWith(BUSINESS);
}
