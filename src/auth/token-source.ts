import { LRUCache } from 'lru-cache';
import type { ClientCallContext } from '../core/context.js';
import { isThenable } from '../core/base/report-failure.js';

/** A token whose end is known otherwise than from its own `exp`. */
export interface ExpiringToken {
  /** What is sent after the scheme. */
  readonly token: string;
  /** Epoch ms. */
  readonly expiresAt: number;
}

/** Gets a token. */
export type GetToken = (call: ClientCallContext) => string | ExpiringToken | Promise<string | ExpiringToken>;

/** A token at hand. */
export interface HeldToken {
  /** The value of `authorization`: scheme and token. */
  readonly header: string;
  readonly expiresAt: number;
  /** From here on a new one is fetched, while this one is still sent. Epoch ms. */
  refreshAt: number;
}

/** How long a refresh ahead of time that failed is left alone, in ms: the token at hand is still good. */
const REFRESH_PAUSE_MS = 1_000;

/** Channels whose tokens are held; an application has a handful. */
const MAX_TARGETS = 1_000;

/**
 * Holds one token for each target, since a token's audience may depend on it. However many calls want one at the same
 * time, the application is asked once.
 */
export class TokenSource {
  private readonly held = new LRUCache<string, HeldToken>({ max: MAX_TARGETS });
  private readonly fetching = new Map<string, Promise<HeldToken>>();

  constructor(
    private readonly getToken: GetToken,
    private readonly scheme: string,
    private readonly refreshBeforeMs: number,
  ) {}

  /** The token to send: without a promise when there is a good one. */
  tokenFor(target: string, call: ClientCallContext): HeldToken | Promise<HeldToken> {
    const now = Date.now();
    const held = this.held.get(target);
    if (held === undefined || held.expiresAt <= now) return this.fetch(target, call);
    if (held.refreshAt <= now) this.refreshAhead(target, call, held, now);
    return held;
  }

  /** The server would not have this token. A newer one, which another call may have fetched meanwhile, stays. */
  forget(target: string, token: HeldToken): void {
    if (this.held.peek(target) === token) this.held.delete(target);
  }

  private refreshAhead(target: string, call: ClientCallContext, held: HeldToken, now: number): void {
    held.refreshAt = now + REFRESH_PAUSE_MS;
    this.fetch(target, call).catch(() => {});
  }

  private fetch(target: string, call: ClientCallContext): Promise<HeldToken> {
    const running = this.fetching.get(target);
    if (running !== undefined) return running;
    const fetching = this.ask(call)
      .then((token) => {
        this.held.set(target, token);
        return token;
      })
      .finally(() => this.fetching.delete(target));
    this.fetching.set(target, fetching);
    return fetching;
  }

  private async ask(call: ClientCallContext): Promise<HeldToken> {
    const answer = this.getToken(call);
    return heldToken(isThenable(answer) ? await answer : answer, this.scheme, this.refreshBeforeMs);
  }
}

/**
 * Makes a header of what a token source gave. A lifetime shorter than twice the refresh margin is refreshed at its
 * half, or a token of a minute would be fetched for every call.
 *
 * @throws Error that does not show the token.
 */
export function heldToken(given: unknown, scheme: string, refreshBeforeMs: number): HeldToken {
  const { token, expiresAt } =
    typeof given === 'string' ? { token: given, expiresAt: expiryOf(given) } : asExpiring(given);
  if (!isToken(token)) throw new TypeError(`the token source must give ${expectedToken(token)}`);
  const lifetime = expiresAt - Date.now();
  return { header: `${scheme} ${token}`, expiresAt, refreshAt: expiresAt - Math.min(refreshBeforeMs, lifetime / 2) };
}

/** Printable ASCII without spaces: what a header can carry, and no second header value hides in. */
export const isToken = (token: unknown): token is string => typeof token === 'string' && /^[\x21-\x7e]+$/.test(token);

/** What should be in the place of a value that is not a token. A scheme before it is the likeliest mistake. */
export function expectedToken(token: unknown): string {
  const plain = 'a non-empty string of printable ASCII without spaces';
  return typeof token === 'string' && /^\s*[A-Za-z][\w-]*\s+\S+\s*$/.test(token)
    ? `${plain}, and without the scheme: 'Bearer ' is written before it (the option \`scheme\`)`
    : plain;
}

function asExpiring(given: unknown): ExpiringToken {
  const { token, expiresAt } = (given ?? {}) as Partial<ExpiringToken>;
  if (typeof token === 'string' && typeof expiresAt === 'number' && !Number.isNaN(expiresAt))
    return { token, expiresAt };
  throw new TypeError('the token source must give a string, or { token, expiresAt }');
}

/** The `exp` of a JWT, which is read and not verified: that is for the server to do. Anything else may last forever. */
function expiryOf(token: string): number {
  const [, payload = '', signature] = token.split('.');
  if (signature === undefined) return Infinity;
  try {
    const { exp } = JSON.parse(Buffer.from(payload, 'base64url').toString('utf8')) as { exp?: unknown };
    return typeof exp === 'number' ? exp * 1000 : Infinity;
  } catch {
    return Infinity;
  }
}
