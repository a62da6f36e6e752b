import { optionError } from '../base/options.js';
import type { FieldViolation } from './details.js';

// What JavaScript hands to the constructors of errors. They are made where something went wrong already, so they never throw:
// a wrong argument is replaced, and the operator is told once what it was.

const warned = new Set<string>();

function warn(argument: string, expected: string, got: unknown): void {
  if (warned.has(argument)) return;
  warned.add(argument);
  process.emitWarning(optionError(argument, expected, got).message, { code: 'GRPC_JS_MIDDLEWARE_ERROR_ARGUMENT' });
}

/** A text that an error needs, or what is to be said in its place. */
export function textFrom(owner: string, argument: string, given: unknown, substitute: string): string {
  if (typeof given === 'string' && given !== '') return given;
  warn(`${owner}: ${argument}`, 'a non-empty string', given);
  return substitute;
}

/** The third argument of an error: an object, or what counts as none. */
export function initFrom<I extends object>(owner: string, given: I): I {
  if (typeof given === 'object' && given !== null) return given;
  warn(`${owner}: init`, 'an object', given);
  return {} as I;
}

const FORMS = "a field's name and a description, or a list of { field, description }";

/** The violations of a validation error, in whichever form they were given. */
export function violationsFrom(first: unknown, second: unknown): FieldViolation[] {
  if (typeof first === 'string' && typeof second === 'string') return [{ field: first, description: second }];
  const given = Array.isArray(first) ? (first as unknown[]) : [first];
  return given.map((each) => (isViolation(each) ? each : violationOf(each, second)));
}

function isViolation(value: unknown): value is FieldViolation {
  const { field, description } = (value ?? {}) as Partial<FieldViolation>;
  return typeof field === 'string' && typeof description === 'string';
}

function violationOf(given: unknown, second: unknown): FieldViolation {
  warn('ValidationError: violations', FORMS, given);
  const { field = '', description } = (typeof given === 'object' ? (given ?? {}) : { field: given }) as Record<
    string,
    unknown
  >;
  const text = description ?? second;
  return {
    field: typeof field === 'string' ? field : '',
    description: typeof text === 'string' ? text : 'is not valid',
  };
}
