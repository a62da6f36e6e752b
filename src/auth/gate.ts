import { status } from '@grpc/grpc-js';
import type { ServerCallContext } from '../core/context.js';
import { identityKey, type Identity } from '../core/shared/identity.js';
import type { Listener } from '../core/shared/listeners.js';
import type { Method } from '../core/method.js';
import { isThenable } from '../core/base/report-failure.js';
import { withoutStack } from '../core/base/without-stack.js';
import { isStatusError, type StatusError } from '../core/status/status-error.js';
import { andThen, type IdentitySource } from './authenticate.js';
import { invalidCredentials, missingCredentials, permissionDenied } from './failures.js';
import { bodyOf, type Asked, type MessageCheck, type Rule, type RuleBody } from './policy-rule.js';

/** What was decided about a call, for an audit. */
export interface AuthDecision {
  /** Whether it was let in. */
  readonly allowed: boolean;
  /** The call. */
  readonly call: ServerCallContext;
  /** Who called, if that was found out. */
  readonly identity: Identity | undefined;
  /** The rule of the method, in words; undefined when it has none. */
  readonly rule: string | undefined;
  /** OK, or what the call was refused with. */
  readonly code: status;
  /**
   * Why it was refused; or, where anyone may call, why credentials did not count. It says more than the client was
   * told, and holds no token.
   */
  readonly reason: unknown;
}

/** What all gates of a server share. */
export interface Desk {
  readonly identify: IdentitySource;
  /** The `www-authenticate` values for callers without credentials. */
  readonly challenges: readonly string[];
  readonly onDecision: Listener<AuthDecision> | undefined;
}

/** What remains to be checked of each request message. */
export interface Remaining {
  readonly check: MessageCheck;
  /** As in {@link Asked}. */
  readonly faults: readonly unknown[];
}

type Admitted = Remaining | undefined;

/** The way into one method: who calls, and does its rule let him in? What is the same for all calls is known here. */
export class Gate {
  private readonly body: RuleBody | undefined;
  private readonly access: RuleBody['access'];

  constructor(
    private readonly method: Method,
    private readonly rule: Rule | undefined,
    private readonly desk: Desk,
  ) {
    this.body = rule && bodyOf(rule);
    this.access = this.body?.access ?? 'closed';
  }

  get readsMessages(): boolean {
    return this.access === 'guarded' && this.body!.readsMessages;
  }

  /** Lets a call in, at once where nobody has to wait, or throws what it is refused with. */
  admit(call: ServerCallContext): Admitted | Promise<Admitted> {
    if (this.access === 'closed') return this.refuse(call, undefined, permissionDenied(this.whyClosed()));
    let identity: Identity | undefined | Promise<Identity | undefined>;
    try {
      identity = this.desk.identify(call);
    } catch (error) {
      return this.unidentified(call, error);
    }
    if (!isThenable(identity)) return this.receive(call, identity);
    return identity.then(
      (found) => this.receive(call, found),
      (error: unknown) => this.unidentified(call, error),
    );
  }

  /** Lets a request message through or throws; `first` is the one whose passing decides the call. */
  pass(call: ServerCallContext, remaining: Remaining, message: unknown, first: boolean): void | Promise<void> {
    const identity = call.get(identityKey)!;
    return andThen(remaining.check(message), (yes) => {
      if (!yes) this.deny(call, identity, remaining.faults);
      else if (first) this.allow(call, identity);
    });
  }

  private unidentified(call: ServerCallContext, error: unknown): Admitted {
    if (this.access === 'open') return this.allow(call, undefined, reasonOf(error));
    return this.refuse(call, undefined, refusalOf(error));
  }

  private receive(call: ServerCallContext, identity: Identity | undefined): Admitted | Promise<Admitted> {
    if (identity !== undefined) call.set(identityKey, identity);
    if (this.access === 'open') return this.allow(call, identity);
    if (identity === undefined) return this.refuse(call, undefined, missingCredentials(this.desk.challenges));
    return this.ask({ identity, call, faults: [] });
  }

  private ask(asked: Asked): Admitted | Promise<Admitted> {
    const { call, identity, faults } = asked;
    return andThen(this.body!.decide(asked), (verdict) => {
      if (typeof verdict === 'function') return { check: verdict, faults };
      return verdict === true ? this.allow(call, identity) : this.deny(call, identity, faults);
    });
  }

  private allow(call: ServerCallContext, identity: Identity | undefined, reason?: unknown): undefined {
    this.tell(call, identity, status.OK, reason);
    return undefined;
  }

  private deny(call: ServerCallContext, identity: Identity, faults: readonly unknown[]): never {
    const reason = withoutStack(new Error(`not allowed by the rule: ${this.rule!.description}`, { cause: faults[0] }));
    return this.refuse(call, identity, permissionDenied(reason, this.scopeChallenge(identity)));
  }

  private refuse(call: ServerCallContext, identity: Identity | undefined, error: StatusError): never {
    this.tell(call, identity, error.code, reasonOf(error));
    throw error;
  }

  private tell(call: ServerCallContext, identity: Identity | undefined, code: status, reason: unknown): void {
    const allowed = code === status.OK;
    this.desk.onDecision?.({ allowed, call, identity, rule: this.rule?.description, code, reason });
  }

  private whyClosed(): Error {
    const { rule, method } = this;
    const text = rule === undefined ? `no rule for ${method.path}` : `not allowed by the rule: ${rule.description}`;
    return withoutStack(new Error(text));
  }

  /** RFC 6750, section 3.1: a bearer may learn which scopes a better token needs. */
  private scopeChallenge(identity: Identity): string | undefined {
    const { scopes } = this.body!;
    const bearer = this.desk.challenges.find((challenge) => challenge.startsWith('Bearer '));
    if (bearer === undefined || identity.scheme !== 'bearer') return undefined;
    if (scopes.every((scope) => identity.scopes.includes(scope))) return undefined;
    return `${bearer}, error="insufficient_scope", scope="${scopes.join(' ')}"`;
  }
}

function refusalOf(error: unknown): StatusError {
  return isStatusError(error) ? error : invalidCredentials(error);
}

/** What lies behind the neutral text. */
function reasonOf(error: unknown): unknown {
  return isStatusError(error) ? (error.cause ?? error) : error;
}
