import { status, type Interceptor, type StatusObject } from '@grpc/grpc-js';
import { channelSecurityOf } from '../core/client/client-call.js';
import type { ClientCallContext } from '../core/context.js';
import { defineClientInterceptor } from '../core/define.js';
import type { ClientHooks } from '../core/hooks.js';
import { optionError, optionsOf, withheld } from '../core/base/options.js';
import { isThenable } from '../core/base/report-failure.js';
import { StatusError, isStatusError } from '../core/status/status-error.js';
import { isListed, uncalled } from '../core/misplaced.js';
import { andThen } from './authenticate.js';
import { isLocalTarget } from './local-target.js';
import {
  expectedToken,
  heldToken,
  isToken,
  TokenSource,
  within,
  type GetToken,
  type HeldToken,
  type TokenTerms,
} from './token-source.js';

/** Options of {@link authClientInterceptor}. */
export interface AuthClientOptions {
  /**
   * The token, or how to get it. A function is asked once for all calls that want a token at the same time, and what it
   * gives is sent with every call to the same target until shortly before it expires: by the `exp` of a JWT, or by
   * `{ token, expiresAt }`; else until a server refuses it.
   *
   * So it must not depend on who is calling: see `perCall`.
   */
  readonly token: string | GetToken;
  /**
   * What stands before the token in `authorization`.
   * @default 'Bearer'
   */
  readonly scheme?: string;
  /**
   * Asks for a token for every call and keeps none: for tokens that depend on the call, as when a service passes on the
   * token of its own caller. Without it, one user's token would be sent for another.
   * @default false
   */
  readonly perCall?: boolean;
  /**
   * How long before it expires a new token is fetched, in milliseconds, while calls go on with the old one.
   * @default 30_000
   */
  readonly refreshBeforeMs?: number;
  /**
   * How long one answer of a token function may take, in milliseconds. Then its calls fail with UNAVAILABLE, and a later
   * answer is dropped.
   * @default 10_000
   */
  readonly timeoutMs?: number;
  /**
   * How long the function is left alone after a second failure, or a second token that the server refused, in
   * milliseconds; it doubles with every further one. Calls go on with a token that was refused, and fail with UNAVAILABLE
   * where there is none. The first time, the next call asks at once.
   * @default 1_000
   */
  readonly initialBackoffMs?: number;
  /**
   * The longest such pause, in milliseconds.
   * @default 60_000
   */
  readonly maxBackoffMs?: number;
  /**
   * Sends the token over plaintext to other machines too, where whoever listens can use it.
   * @default false
   */
  readonly allowInsecure?: boolean;
}

const OWNER = 'authClientInterceptor';
const OPTIONS = [
  'token',
  'scheme',
  'perCall',
  'refreshBeforeMs',
  'timeoutMs',
  'initialBackoffMs',
  'maxBackoffMs',
  'allowInsecure',
] as const;

/**
 * Sends a token with every call, as `authorization: Bearer …`, unless the call has an `authorization` of its own. After
 * UNAUTHENTICATED the token is forgotten: the next call, or the next attempt of a retry that is listed further out,
 * fetches anew.
 *
 * A token never leaves over plaintext to another machine: such a call fails with UNAUTHENTICATED, as in other gRPC
 * implementations, before the source is asked. A source that fails makes its calls UNAVAILABLE.
 *
 * @throws TypeError for wrong options.
 *
 * @example
 * const client = new ShopClient(target, tlsChannelCredentials(), {
 *   interceptors: [authClientInterceptor({ token: () => fetchToken() })],
 * });
 */
export function authClientInterceptor(options: AuthClientOptions): Interceptor {
  if (isListed(arguments)) return uncalled('authClientInterceptor', arguments);
  const check = optionsOf(OWNER, options, OPTIONS);
  const allowInsecure = check.boolean('allowInsecure', false);
  const initialBackoffMs = check.number('initialBackoffMs', { min: 1, fallback: 1_000 });
  const tokens = tokensOf(options, {
    scheme: schemeOf(check.string('scheme', 'Bearer')),
    perCall: check.boolean('perCall', false),
    refreshBeforeMs: check.number('refreshBeforeMs', { min: 0, fallback: 30_000 }),
    timeoutMs: check.milliseconds('timeoutMs', { min: 1, fallback: 10_000 }),
    initialBackoffMs,
    maxBackoffMs: check.number('maxBackoffMs', {
      min: initialBackoffMs,
      fallback: Math.max(60_000, initialBackoffMs),
    }),
  });
  return defineClientInterceptor('auth', () => (call) => new Credentials(call, tokens, allowInsecure));
}

/** Where tokens come from, and how one is given up. */
type Tokens = Pick<TokenSource, 'tokenFor' | 'refused' | 'accepted'>;

const keepsNothing = { refused: () => {}, accepted: () => {} };

function tokensOf({ token }: AuthClientOptions, terms: TokenTerms & { readonly perCall: boolean }): Tokens {
  const { scheme, perCall, timeoutMs } = terms;
  if (isToken(token)) {
    const fixed: HeldToken = { header: `${scheme} ${token}`, expiresAt: Infinity, refreshAt: Infinity };
    return { tokenFor: () => fixed, ...keepsNothing };
  }
  if (typeof token !== 'function') {
    throw optionError(`${OWNER}: token`, `a function or ${expectedToken(token)}`, withheld(token));
  }
  if (!perCall) return new TokenSource(token, terms);
  const held = (given: unknown): HeldToken => heldToken(given, scheme, 0);
  const ask = (call: ClientCallContext): unknown => {
    const answer: unknown = token(call);
    return isThenable(answer) ? within(timeoutMs, answer) : answer;
  };
  return { tokenFor: (_, call) => andThen<unknown, HeldToken>(ask(call), held), ...keepsNothing };
}

function schemeOf(scheme: string): string {
  if (/^[A-Za-z][\w-]*$/.test(scheme)) return scheme;
  // Whoever writes the token here too must not find it in a log.
  throw optionError(`${OWNER}: scheme`, "one word, such as 'Bearer'", withheld(scheme));
}

/** The credentials of one call, or of one attempt. */
class Credentials implements ClientHooks {
  private target = '';
  private sent: HeldToken | undefined;

  constructor(
    private readonly call: ClientCallContext,
    private readonly tokens: Tokens,
    private readonly allowInsecure: boolean,
  ) {}

  admit(): void | Promise<void> {
    if (this.call.metadata.get('authorization').length > 0) return undefined;
    const { secure, target, closed, proxied } = channelSecurityOf(this.call);
    // Says so itself a moment later, as it does to calls without credentials.
    if (closed) return undefined;
    if (!secure && !this.allowInsecure && (proxied || !isLocalTarget(target))) throw plaintext(target);
    this.target = target;
    const use = (token: HeldToken): void => {
      this.sent = token;
      this.call.metadata.set('authorization', token.header);
    };
    try {
      const token = this.tokens.tokenFor(target, this.call);
      return token instanceof Promise ? token.then(use, fail) : use(token);
    } catch (error) {
      return fail(error);
    }
  }

  onStatus({ code }: StatusObject): void {
    if (this.sent === undefined) return;
    if (code === status.UNAUTHENTICATED) this.tokens.refused(this.target, this.sent);
    else if (code === status.OK) this.tokens.accepted(this.target, this.sent);
  }
}

/** The code that other gRPC implementations give for credentials on a channel that does not protect them. */
function plaintext(target: string): StatusError {
  const details =
    target === ''
      ? 'Credentials are not sent over a channel that a foreign interceptor hides: it may be plaintext'
      : `Credentials are not sent over plaintext to ${target}: use TLS, or allowInsecure`;
  return new StatusError(status.UNAUTHENTICATED, details);
}

/** The issuer is away, most likely: worth a retry, as with any other server. */
function fail(error: unknown): never {
  if (isStatusError(error)) throw error;
  throw new StatusError(status.UNAVAILABLE, 'Could not obtain a token', { cause: error });
}
