import { optionError, optionsOf } from '../core/base/options.js';
import { isThenable } from '../core/base/report-failure.js';
import { fieldPath } from './field-path.js';
import type { ValidationRule, Violation } from './rule.js';

/**
 * What every Standard Schema validator (zod, valibot, arktype and others) has, as far as it is used here; see
 * https://standardschema.dev.
 */
export interface StandardSchema {
  /** What the specification puts here. */
  readonly '~standard': {
    readonly version: 1;
    validate(value: unknown): StandardResult | Promise<StandardResult>;
  };
}

/** Issues mean failure; their absence, success. */
export interface StandardResult {
  /** What is wrong. Absent: nothing. */
  readonly issues?: readonly StandardIssue[] | undefined;
}

/** One thing that a schema finds wrong, and where. */
export interface StandardIssue {
  /** What is wrong. */
  readonly message: string;
  /** The way to it. Absent or empty: the value as a whole. */
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** Options of {@link standardSchema}. */
export interface StandardSchemaOptions {
  /**
   * Names a property as the proto does; {@link snakeCase} suits codecs that write `product_id` as `productId`.
   *
   * @default the name as it is
   */
  readonly fieldName?: (property: string) => string;
}

/**
 * A rule out of a schema of any Standard Schema validator, sync or async: each of its issues becomes a violation. The
 * handler gets the message as it came, not what the schema makes of it.
 *
 * @throws TypeError when `schema` is none, or an option is wrong.
 * @example
 * standardSchema(z.object({ items: z.array(z.object({ productId: z.int().positive() })) }), { fieldName: snakeCase })
 * // { field: 'items[0].product_id', description: 'Too small: expected number to be >0' }
 */
export function standardSchema(schema: StandardSchema, options: StandardSchemaOptions = {}): ValidationRule {
  const check = optionsOf('standardSchema', options, ['fieldName']);
  const fieldName = check.optionalFunction('fieldName') ?? ((property: string) => property);
  const standard = (schema as StandardSchema | undefined)?.['~standard'];
  if (typeof standard?.validate !== 'function') {
    throw optionError('standardSchema: schema', "a Standard Schema, with a property '~standard'", schema);
  }
  const violations = (result: StandardResult): readonly Violation[] => violationsOf(result, fieldName);
  return (message) => {
    const result = standard.validate(message);
    return isThenable(result) ? Promise.resolve(result).then(violations) : violations(result);
  };
}

/** `product_id` for `productId`. */
export function snakeCase(property: string): string {
  return property.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

const NONE: readonly Violation[] = [];

function violationsOf({ issues }: StandardResult, fieldName: (property: string) => string): readonly Violation[] {
  if (issues === undefined || issues === null) return NONE;
  const found = issues.map(({ message, path = [] }) => ({
    field: fieldPath(path.map((part) => keyOf(part, fieldName))),
    description: message,
  }));
  return found.length > 0 ? found : [{ field: '', description: 'is not valid' }];
}

function keyOf(
  part: PropertyKey | { readonly key: PropertyKey },
  fieldName: (property: string) => string,
): string | number {
  const key = typeof part === 'object' ? part.key : part;
  return typeof key === 'number' ? key : fieldName(String(key));
}
