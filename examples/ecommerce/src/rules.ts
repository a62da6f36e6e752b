import type { Violation } from 'grpc-js-middleware';
import { formatCount } from './numbers.js';

/**
 * What makes a request acceptable, said once per RPC: the validation interceptor runs these rules on every inbound
 * message, so that services only ever see good ones. Fields are named as the proto names them.
 */
export type Rules = Readonly<Record<string, (message: unknown) => Violation[]>>;

/** One rule for each RPC of a ts-proto service definition; each answers with what is wrong, if anything. */
export type RulesOf<Definition> = {
  readonly [Rpc in keyof Definition]: (request: RequestOf<Definition[Rpc]>) => readonly (Violation | undefined)[];
};

type RequestOf<Method> = Method extends { requestDeserialize: (bytes: Buffer) => infer Request } ? Request : never;

/** Rules by `package.Service/Rpc`. */
export function rulesFor<Definition extends Record<string, { path: string }>>(
  definition: Definition,
  rules: RulesOf<Definition>,
): Rules {
  const entries = Object.entries(definition).map(([name, { path }]) => {
    const rule = rules[name] as (request: unknown) => readonly (Violation | undefined)[];
    return [path.slice(1), (request: unknown) => rule(request).filter((found) => found !== undefined)] as const;
  });
  return Object.fromEntries(entries);
}

/** The rules of several services in one record. */
export function combined(all: readonly Rules[]): Rules {
  return Object.fromEntries(all.flatMap((rules) => Object.entries(rules)));
}

/** An id that names something. */
export function id(field: string, value: number): Violation | undefined {
  return value > 0 ? undefined : { field, description: 'ID must be positive' };
}

/** An id, or 0 for none. */
export function optionalId(field: string, value: number): Violation | undefined {
  return value >= 0 ? undefined : { field, description: 'ID must not be negative' };
}

interface TextLimits {
  /** @default 1 */
  readonly min?: number;
  readonly max: number;
}

/** Visible text; PostgreSQL cannot keep a NUL, and nobody means the other control characters, or broken ones. */
export function text(field: string, value: string, { min = 1, max }: TextLimits): Violation | undefined {
  if (value.trim().length < min) return { field, description: 'must not be empty' };
  if (value.length > max) return { field, description: `must have at most ${formatCount(max)} characters` };
  if (isGarbled(value)) return { field, description: 'must not contain control or broken characters' };
  return undefined;
}

/** U+FFFD stands for what could not be decoded, such as half of a surrogate pair. */
export function isGarbled(value: string): boolean {
  // eslint-disable-next-line no-control-regex -- exactly these are refused
  return /[\u0000-\u0008\u000b-\u001f\u007f\ufffd]/.test(value);
}

/** A whole number within bounds. */
export function integer(field: string, value: number, min: number, max: number): Violation | undefined {
  if (Number.isInteger(value) && value >= min && value <= max) return undefined;
  return { field, description: `must be a whole number from ${formatCount(min)} to ${formatCount(max)}` };
}

/** The shop's largest amount, so that sums of cents stay exact and a slip of the finger is noticed. */
export const MAX_AMOUNT = 1_000_000;

/** An amount that is paid: at least one cent. */
export function amount(field: string, value: number): Violation | undefined {
  if (value >= 0.005 && value <= MAX_AMOUNT) return undefined;
  return { field, description: `must be an amount from 0.01 to ${formatCount(MAX_AMOUNT)}` };
}

/** A bound of a search; 0 means none. */
export function bound(field: string, value: number): Violation | undefined {
  if (value >= 0 && value <= MAX_AMOUNT) return undefined;
  return { field, description: `must be an amount from 0 to ${formatCount(MAX_AMOUNT)}` };
}

/** One of an enum's values; 0, unspecified, only where `optional`. */
export function oneOf(
  field: string,
  value: number,
  members: Readonly<Record<string, string | number>>,
  { optional = false } = {},
): Violation | undefined {
  const known = Object.values(members).filter((member) => typeof member === 'number' && member > 0);
  if (known.includes(value) || (optional && value === 0)) return undefined;
  const names = Object.keys(members).filter((name) => Number(members[name]) > 0);
  return { field, description: `must be one of ${names.join(', ')}` };
}
