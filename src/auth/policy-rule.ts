import type { ServerCallContext } from '../core/context.js';
import type { Identity } from '../core/shared/identity.js';
import { processWide } from '../core/context-key.js';
import { isThenable } from '../core/base/report-failure.js';
import { andThen } from './authenticate.js';

/** Who may call a method. Made with {@link allow}. */
export interface Rule {
  /** In words, for logs and errors: `role admin`. */
  readonly description: string;
}

/** Decides by one request message: the rest of a rule, once identity and call have said all they can. */
export type MessageCheck = (message: unknown) => boolean | Promise<boolean>;

/** Yes, no, or: that depends on each request message. */
export type Verdict = boolean | MessageCheck;

/** Whom a rule is asked about. */
export interface Asked {
  readonly identity: Identity;
  readonly call: ServerCallContext;
  /** What the application's own checks threw meanwhile; they count as a no. */
  readonly faults: unknown[];
}

/** What the interceptor needs of a rule. */
export interface RuleBody {
  /** `open`: anyone, known or not; `closed`: nobody; `guarded`: whoever {@link decide} lets in. */
  readonly access: 'open' | 'closed' | 'guarded';
  decide(asked: Asked): Verdict | Promise<Verdict>;
  /** Scopes without which it is a no, for the challenge of RFC 6750. */
  readonly scopes: readonly string[];
  /** Whether it may depend on request messages. */
  readonly readsMessages: boolean;
  /** May stand in a policy for a method that is not served. */
  readonly optional?: boolean;
}

/** Rules are known by who made them: this library, in any of its copies. */
const bodies = processWide('auth-rules', () => new WeakMap<object, RuleBody>());

/** Makes a rule. */
export function rule(description: string, body: Partial<RuleBody> & Pick<RuleBody, 'decide'>): Rule {
  const made = Object.freeze({ description });
  bodies.set(made, { access: 'guarded', scopes: [], readsMessages: false, ...body });
  return made;
}

export const isRule = (value: unknown): value is Rule =>
  typeof value === 'object' && value !== null && bodies.has(value);

export const bodyOf = (made: Rule): RuleBody => bodies.get(made)!;

/** The same rule, which {@link Policy.assertCovers} does not miss a method for. */
export const optional = (made: Rule): Rule => rule(made.description, { ...bodyOf(made), optional: true });

/** One yes is enough. Asked in order, and no further than the first yes. */
export function anyOf(rules: readonly Rule[]): Rule {
  const parts = rules.map(bodyOf);
  const from = (index: number, asked: Asked, open: readonly MessageCheck[]): Verdict | Promise<Verdict> => {
    const part = parts[index];
    if (part === undefined) return open.length > 0 && ((message) => someCheck(open, message));
    return andThen(part.decide(asked), (verdict) => {
      if (verdict === true) return true;
      return from(index + 1, asked, verdict === false ? open : [...open, verdict]);
    });
  };
  return rule(`any of (${descriptionsOf(rules)})`, {
    access: accessOf(parts, 'open', 'closed'),
    readsMessages: parts.some((part) => part.readsMessages),
    decide: (asked) => from(0, asked, []),
  });
}

/** One no is enough. Asked in order, and no further than the first no. */
export function allOf(rules: readonly Rule[]): Rule {
  const parts = rules.map(bodyOf);
  const from = (index: number, asked: Asked, open: readonly MessageCheck[]): Verdict | Promise<Verdict> => {
    const part = parts[index];
    if (part === undefined) return open.length === 0 || ((message) => everyCheck(open, message));
    return andThen(part.decide(asked), (verdict) => {
      if (verdict === false) return false;
      return from(index + 1, asked, verdict === true ? open : [...open, verdict]);
    });
  };
  return rule(`all of (${descriptionsOf(rules)})`, {
    access: accessOf(parts, 'closed', 'open'),
    scopes: parts.flatMap((part) => part.scopes),
    readsMessages: parts.some((part) => part.readsMessages),
    decide: (asked) => from(0, asked, []),
  });
}

/** `one` decides as soon as one rule is so, `all` only when every rule is. */
function accessOf<O extends RuleBody['access'], A extends RuleBody['access']>(
  parts: readonly RuleBody[],
  one: O,
  all: A,
): O | A | 'guarded' {
  if (parts.some(({ access }) => access === one)) return one;
  return parts.every(({ access }) => access === all) ? all : 'guarded';
}

function someCheck(checks: readonly MessageCheck[], message: unknown, index = 0): boolean | Promise<boolean> {
  const check = checks[index];
  if (check === undefined) return false;
  return andThen(check(message), (yes) => yes || someCheck(checks, message, index + 1));
}

function everyCheck(checks: readonly MessageCheck[], message: unknown, index = 0): boolean | Promise<boolean> {
  const check = checks[index];
  if (check === undefined) return true;
  return andThen(check(message), (yes) => yes && everyCheck(checks, message, index + 1));
}

const descriptionsOf = (rules: readonly Rule[]): string => rules.map(({ description }) => description).join('; ');

/**
 * The answer of an application's own check. Only `true` is a yes: a check that throws, or that answers with anything
 * else, has not said yes, and what it did is noted.
 */
export function strictly(name: string, faults: unknown[], check: () => unknown): boolean | Promise<boolean> {
  const isYes = (answer: unknown): boolean => {
    if (typeof answer !== 'boolean')
      faults.push(new TypeError(`${name} must answer true or false, got ${typeof answer}`));
    return answer === true;
  };
  const fail = (error: unknown): boolean => {
    faults.push(error);
    return false;
  };
  try {
    const answer = check();
    return isThenable(answer) ? Promise.resolve(answer).then(isYes, fail) : isYes(answer);
  } catch (error) {
    return fail(error);
  }
}
