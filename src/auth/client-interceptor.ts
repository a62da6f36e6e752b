import { status, type Interceptor, type StatusObject } from '@grpc/grpc-js';
import { channelSecurityOf } from '../core/client/client-call.js';
import type { ClientCallContext } from '../core/context.js';
import { defineClientInterceptor } from '../core/define.js';
import type { ClientHooks } from '../core/hooks.js';
import { optionError, optionsOf, withheld } from '../core/base/options.js';
import { StatusError, isStatusError } from '../core/status/status-error.js';
import { isListed, uncalled } from '../core/misplaced.js';
import { andThen } from './authenticate.js';
import { isLocalTarget } from './local-target.js';
import { expectedToken, heldToken, isToken, TokenSource, type GetToken, type HeldToken } from './token-source.js';

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
   * Sends the token over plaintext to other machines too, where whoever listens can use it.
   * @default false
   */
  readonly allowInsecure?: boolean;
}

const OWNER = 'authClientInterceptor';
const OPTIONS = ['token', 'scheme', 'perCall', 'refreshBeforeMs', 'allowInsecure'] as const;

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
  const tokens = tokensOf(options, {
    scheme: schemeOf(check.string('scheme', 'Bearer')),
    perCall: check.boolean('perCall', false),
    refreshBeforeMs: check.number('refreshBeforeMs', { min: 0, fallback: 30_000 }),
  });
  return defineClientInterceptor('auth', () => (call) => new Credentials(call, tokens, allowInsecure));
}

/** Where tokens come from, and how one is given up. */
type Tokens = Pick<TokenSource, 'tokenFor' | 'forget'>;

interface Terms {
  readonly scheme: string;
  readonly perCall: boolean;
  readonly refreshBeforeMs: number;
}

function tokensOf({ token }: AuthClientOptions, { scheme, perCall, refreshBeforeMs }: Terms): Tokens {
  if (isToken(token)) {
    const fixed: HeldToken = { header: `${scheme} ${token}`, expiresAt: Infinity, refreshAt: Infinity };
    return { tokenFor: () => fixed, forget: () => {} };
  }
  if (typeof token !== 'function') {
    throw optionError(`${OWNER}: token`, `a function or ${expectedToken(token)}`, withheld(token));
  }
  if (!perCall) return new TokenSource(token, scheme, refreshBeforeMs);
  const held = (given: unknown): HeldToken => heldToken(given, scheme, 0);
  return { tokenFor: (_, call) => andThen<unknown, HeldToken>(token(call), held), forget: () => {} };
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
    const { secure, target, closed } = channelSecurityOf(this.call);
    // Says so itself a moment later, as it does to calls without credentials.
    if (closed) return undefined;
    if (!secure && !this.allowInsecure && !isLocalTarget(target)) throw plaintext(target);
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
    if (code === status.UNAUTHENTICATED && this.sent !== undefined) this.tokens.forget(this.target, this.sent);
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

/** Whoever issues tokens is away, most likely: worth a retry, as with any other server. */
function fail(error: unknown): never {
  if (isStatusError(error)) throw error;
  throw new StatusError(status.UNAVAILABLE, 'No token could be had', { cause: error });
}
