import type { ServerInterceptor } from '@grpc/grpc-js';
import type { ServerCallContext } from '../core/context.js';
import { NO_RULE, explained } from '../core/description.js';
import { defineServerInterceptor } from '../core/define.js';
import type { ServerHooks } from '../core/hooks.js';
import { namesIn } from '../core/match.js';
import type { Method } from '../core/method.js';
import { listenerOf } from '../core/shared/listeners.js';
import { optionsOf } from '../core/base/options.js';
import { isListed, uncalled } from '../core/misplaced.js';
import { andThen, authenticatorsOf, firstIdentity, type Authenticate } from './authenticate.js';
import { Gate, type AuthDecision, type Remaining } from './gate.js';
import type { Policy } from './policy.js';

/** Options of {@link authServerInterceptor}. */
export interface AuthServerOptions {
  /** Finds out who is calling. Of several, the first that knows its kind of credentials decides. */
  readonly authenticate: Authenticate | readonly Authenticate[];
  /** Who may call what; made with `definePolicy`. */
  readonly policy: Policy;
  /**
   * Told of every call that is let in or refused, for an audit. What it throws affects no call. Where a rule reads
   * request messages, a call counts as let in with its first message.
   */
  readonly onDecision?: (decision: AuthDecision) => void;
}

const OWNER = 'authServerInterceptor';

/**
 * Finds out who is calling and refuses who may not: UNAUTHENTICATED without good credentials, PERMISSION_DENIED for the
 * known who lack the right, and for everybody where a method has no rule: the codes are those of gRPC's list of status
 * codes. Clients get a neutral text; the reason is the `cause` of the call's error, for logs and spans.
 *
 * @throws TypeError for wrong options.
 *
 * @example
 * const auth = authServerInterceptor({
 *   authenticate: jwtAuthenticator({ … }),
 *   policy: definePolicy({ 'shop.Products/Get': allow.anyone, 'shop.Products/*': allow.role('admin') }),
 * });
 */
export function authServerInterceptor(options: AuthServerOptions): ServerInterceptor {
  if (isListed(arguments)) return uncalled('authServerInterceptor', arguments);
  const check = optionsOf(OWNER, options, ['authenticate', 'policy', 'onDecision']);
  const authenticators = authenticatorsOf(`${OWNER}: authenticate`, options.authenticate);
  const policy = check.having('policy', 'made with definePolicy', 'ruleFor');
  const desk = {
    identify: firstIdentity(authenticators),
    challenges: authenticators.flatMap(({ challenge }) => challenge ?? []),
    onDecision: listenerOf('auth', 'onDecision', check.optionalFunction('onDecision')),
  };
  const interceptor = defineServerInterceptor('auth', (method) => {
    const gate = new Gate(method, policy.ruleFor(method), desk);
    const Hooks = gate.readsMessages ? RequestAdmission : Admission;
    return (call) => new Hooks(gate, call);
  });
  const explain = (method: Method): string => policy.ruleFor(method)?.description ?? NO_RULE;
  return explained(interceptor, explain, undefined, namesIn(policy.patterns ?? [], 'definePolicy: rules'));
}

/** Decided before the first message. */
class Admission implements ServerHooks {
  constructor(
    private readonly gate: Gate,
    private readonly call: ServerCallContext,
  ) {}

  admit(): void | Promise<void> {
    return this.gate.admit(this.call) as void | Promise<void>;
  }
}

/** Decided by each request message. */
class RequestAdmission implements ServerHooks {
  private remaining: Remaining | undefined;
  private first = true;

  constructor(
    private readonly gate: Gate,
    private readonly call: ServerCallContext,
  ) {}

  admit(): void | Promise<void> {
    return andThen(this.gate.admit(this.call), (remaining) => {
      this.remaining = remaining;
    });
  }

  onRequest(message: unknown): void | Promise<void> {
    if (this.remaining === undefined) return undefined;
    const { first } = this;
    this.first = false;
    return this.gate.pass(this.call, this.remaining, message, first);
  }
}
