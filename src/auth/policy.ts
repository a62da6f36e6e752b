import type { ServiceDefinition } from '@grpc/grpc-js';
import { fullName, matcher } from '../core/match.js';
import { methodOf, type Method } from '../core/method.js';
import { isObject, optionError } from '../core/base/options.js';
import { allow } from './allow.js';
import { bodyOf, isRule, optional, type Rule } from './policy-rule.js';

/** A rule for each `'pkg.Service/Name'`, `'pkg.Service/*'`, or `'*'`. */
export type PolicyRules = Readonly<Record<string, Rule>>;

/** Who may call what. A method without a rule is closed. */
export interface Policy {
  /** The rule for a method: that of its name, else that of its service, else that of `'*'`. */
  ruleFor(method: Method): Rule | undefined;
  /**
   * The patterns whose methods should be served: all but those of {@link healthAndReflection}. For `assertServer`.
   *
   * @default undefined: its rules are not compared with the methods that are served
   */
  readonly patterns?: readonly string[];
  /**
   * For start-up: proves that every method has a rule, so that a new one is not found closed, or open, in production.
   *
   * @throws Error listing every method without a rule, and every rule that no method of these services has.
   */
  assertCovers(...definitions: ServiceDefinition[]): void;
}

/**
 * Makes a policy. The most specific rule decides, wherever it stands; a method without a rule is refused to all.
 *
 * @throws TypeError for a pattern that is none, is there twice, or has something else than a rule.
 *
 * @example
 * const policy = definePolicy({
 *   'ecommerce.ProductService/GetProduct': allow.anyone,
 *   'ecommerce.ProductService/*': allow.role('admin'),
 *   ...healthAndReflection,
 * });
 * policy.assertCovers(ProductServiceService);
 */
export function definePolicy(rules: PolicyRules): Policy {
  const byPattern = rulesByPattern(rules);
  const ruleFor = (method: Method): Rule | undefined =>
    byPattern.get(fullName(method)) ?? byPattern.get(`${method.service}/*`) ?? byPattern.get('*');
  return {
    ruleFor,
    patterns: [...byPattern].filter(([, rule]) => bodyOf(rule).optional !== true).map(([pattern]) => pattern),
    assertCovers(...definitions) {
      const methods = definitions.flatMap((definition) => Object.values(definition).map(methodOf));
      const open = methods.filter((method) => ruleFor(method) === undefined).map(fullName);
      const idle = [...byPattern].filter(
        ([pattern, rule]) => !bodyOf(rule).optional && !methods.some(matcher(pattern)),
      );
      if (open.length + idle.length > 0)
        throw new Error(
          coverageText(
            open,
            idle.map(([pattern]) => pattern),
          ),
        );
    },
  };
}

/**
 * Rules for grpc.health.v1 and for reflection, to be spread into a policy: open to anyone, since load balancers and
 * tools show no credentials. Reflection tells strangers the shape of every service: write
 * `'grpc.reflection.v1.ServerReflection/*': allow.nobody` after it, or do not serve it, where that is too much.
 */
export const healthAndReflection: PolicyRules = {
  'grpc.health.v1.Health/*': optional(allow.anyone),
  'grpc.reflection.v1.ServerReflection/*': optional(allow.anyone),
  'grpc.reflection.v1alpha.ServerReflection/*': optional(allow.anyone),
};

function rulesByPattern(rules: PolicyRules): Map<string, Rule> {
  if (!isObject(rules)) throw optionError('definePolicy: rules', 'an object', rules);
  const byPattern = new Map<string, Rule>();
  for (const [pattern, rule] of Object.entries(rules)) {
    const option = `definePolicy: rules['${pattern}']`;
    matcher(pattern, option);
    if (!isRule(rule)) throw optionError(option, "a rule, such as allow.authenticated or allow.role('admin')", rule);
    const bare = pattern.replace(/^\//, '');
    if (byPattern.has(bare)) throw optionError(option, 'there once, with or without a leading slash', pattern);
    byPattern.set(bare, rule);
  }
  return byPattern;
}

function coverageText(open: readonly string[], idle: readonly string[]): string {
  const lines = [
    ...open.map((name) => `  method without a rule, so nobody may call it: ${name}`),
    ...idle.map((pattern) => `  rule without a method: ${pattern}`),
  ];
  return `the policy does not cover the services:\n${lines.join('\n')}`;
}
