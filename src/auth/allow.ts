import type { ServerCallContext } from '../core/context.js';
import type { Identity } from '../core/shared/identity.js';
import { optionError } from '../core/base/options.js';
import { allOf, anyOf, isRule, rule, strictly, type Rule } from './policy-rule.js';

/** Decides by who is calling and by the call: its metadata, deadline, peer. Only `true` lets in. */
export type CallCheck = (identity: Identity, call: ServerCallContext) => boolean | Promise<boolean>;

/** Decides by a request message too. Only `true` lets the message through. */
export type RequestCheck<M> = (identity: Identity, request: M, call: ServerCallContext) => boolean | Promise<boolean>;

/**
 * The rules that a policy is written with.
 *
 * @example
 * allow.any(allow.role('admin'), allow.request<GetUserRequest>((identity, { id }) => identity.subject === String(id)))
 */
export const allow = {
  /**
   * Whoever calls, known or not. Credentials are tried all the same, so that a handler may know its caller; bad ones,
   * or a key server that is away, leave the caller unknown and refuse nobody.
   */
  anyone: rule('anyone', { access: 'open', decide: () => true }),

  /** Not even the known: closes one method of a service that is otherwise open. */
  nobody: rule('nobody', { access: 'closed', decide: () => false }),

  /** Whoever is known. */
  authenticated: rule('authenticated', { decide: () => true }),

  /** Whoever has at least one of these roles. */
  role(...roles: [string, ...string[]]): Rule {
    const wanted = new Set(names('allow.role: roles', roles));
    return rule(`role ${roles.join(' or ')}`, {
      decide: ({ identity }) => identity.roles.some((role) => wanted.has(role)),
    });
  },

  /** Whoever's credentials have all of these scopes. */
  scope(...scopes: [string, ...string[]]): Rule {
    names('allow.scope: scopes', scopes);
    return rule(`scope ${scopes.join(' and ')}`, {
      scopes,
      decide: ({ identity }) => scopes.every((scope) => identity.scopes.includes(scope)),
    });
  },

  /** Whoever the application says, before the first message. A check that throws refuses. */
  when(check: CallCheck): Rule {
    return rule(`when ${nameOf('allow.when: check', check)}`, {
      decide: ({ identity, call, faults }) => strictly('allow.when', faults, () => check(identity, call)),
    });
  },

  /**
   * Whoever the application says for each request message, before the handler sees it: "only one's own". Of a stream of
   * requests the handler has begun by then, and the first refused message ends the call.
   */
  request<M = unknown>(check: RequestCheck<M>): Rule {
    return rule(`request ${nameOf('allow.request: check', check)}`, {
      readsMessages: true,
      decide:
        ({ identity, call, faults }) =>
        (message) =>
          strictly('allow.request', faults, () => check(identity, message as M, call)),
    });
  },

  /** Whoever one of these rules lets in. */
  any(...rules: [Rule, ...Rule[]]): Rule {
    return anyOf(ruleList('allow.any: rules', rules));
  },

  /** Whoever all of these rules let in. */
  all(...rules: [Rule, ...Rule[]]): Rule {
    return allOf(ruleList('allow.all: rules', rules));
  },
} as const;

function names(option: string, given: readonly unknown[]): readonly string[] {
  if (given.length > 0 && given.every((name) => typeof name === 'string' && name !== '')) return given as string[];
  throw optionError(option, 'one or more non-empty strings', given);
}

function ruleList(option: string, given: readonly unknown[]): readonly Rule[] {
  if (given.length > 0 && given.every(isRule)) return given;
  throw optionError(option, 'one or more rules of allow', given);
}

function nameOf(option: string, check: unknown): string {
  if (typeof check !== 'function') throw optionError(option, 'a function', check);
  return check.name === '' ? 'a function' : check.name;
}
