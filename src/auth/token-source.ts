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

/** How tokens are asked for; the names are those of the options of `authClientInterceptor`. */
export interface TokenTerms {
  readonly scheme: string;
  readonly refreshBeforeMs: number;
  readonly timeoutMs: number;
  readonly initialBackoffMs: number;
  readonly maxBackoffMs: number;
}

/** What is known of one target's token. */
interface Place {
  held: HeldToken | undefined;
  /** The server refused the token that is held. */
  refused: boolean;
  fetching: Promise<HeldToken> | undefined;
  /** Fetches that failed and tokens that were refused, since the last token that was accepted. */
  setbacks: number;
  /** The function is not asked before this, on the monotonic clock. */
  notBefore: number;
  lastFailure: Error | undefined;
}

/**
 * Holds one token for each target, since a token's audience may depend on it. However many calls want one at the same
 * time, the application is asked once.
 */
export class TokenSource {
  private readonly places = new LRUCache<string, Place>({ max: MAX_TARGETS });

  constructor(
    private readonly getToken: GetToken,
    private readonly terms: TokenTerms,
  ) {}

  /** The token to send: without a promise when there is a good one. */
  tokenFor(target: string, call: ClientCallContext): HeldToken | Promise<HeldToken> {
    const place = this.placeOf(target);
    const { held } = place;
    const now = Date.now();
    if (held === undefined || held.expiresAt <= now) return this.fetch(place, call);
    if (place.refused) return this.isPaused(place) ? held : this.fetch(place, call);
    if (held.refreshAt <= now) this.refreshAhead(place, call, held, now);
    return held;
  }

  /** The server would not have this token. A newer one, which another call may have fetched meanwhile, stays. */
  refused(target: string, token: HeldToken): void {
    const place = this.places.peek(target);
    if (place?.held !== token || place.refused) return;
    place.refused = true;
    this.setBack(place);
  }

  /** The server took this token. */
  accepted(target: string, token: HeldToken): void {
    const place = this.places.peek(target);
    if (place?.held !== token || place.setbacks === 0) return;
    place.refused = false;
    place.setbacks = 0;
  }

  private placeOf(target: string): Place {
    let place = this.places.get(target);
    if (place === undefined) {
      place = {
        held: undefined,
        refused: false,
        fetching: undefined,
        setbacks: 0,
        notBefore: 0,
        lastFailure: undefined,
      };
      this.places.set(target, place);
    }
    return place;
  }

  private refreshAhead(place: Place, call: ClientCallContext, held: HeldToken, now: number): void {
    held.refreshAt = now + REFRESH_PAUSE_MS;
    this.fetch(place, call).catch(() => {});
  }

  private fetch(place: Place, call: ClientCallContext): Promise<HeldToken> {
    if (place.fetching !== undefined) return place.fetching;
    if (this.isPaused(place)) return Promise.reject(place.lastFailure ?? new Error('the last token was refused'));
    place.fetching = this.ask(call)
      .then(
        (token) => {
          place.held = token;
          place.refused = false;
          return token;
        },
        (error: unknown) => {
          place.lastFailure = error as Error;
          this.setBack(place);
          throw error;
        },
      )
      .finally(() => (place.fetching = undefined));
    return place.fetching;
  }

  private isPaused({ notBefore }: Place): boolean {
    return performance.now() < notBefore;
  }

  /** The first is left alone: a token may be revoked, or a fetch fail, for once. */
  private setBack(place: Place): void {
    const { initialBackoffMs, maxBackoffMs } = this.terms;
    place.setbacks++;
    if (place.setbacks === 1) return;
    const pause = Math.min(maxBackoffMs, initialBackoffMs * 2 ** (place.setbacks - 2));
    // A fifth more at random, so that many clients do not ask a recovering issuer at the same moment.
    place.notBefore = performance.now() + pause * (1 + Math.random() / 5);
  }

  private async ask(call: ClientCallContext): Promise<HeldToken> {
    const { scheme, refreshBeforeMs, timeoutMs } = this.terms;
    const answer: unknown = this.getToken(call);
    return heldToken(isThenable(answer) ? await within(timeoutMs, answer) : answer, scheme, refreshBeforeMs);
  }
}

/** An answer, or a failure when it takes too long. */
export function within<T>(timeoutMs: number, answer: PromiseLike<T>): Promise<T> {
  let timer: NodeJS.Timeout;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`the token source gave no answer within ${timeoutMs} ms`)), timeoutMs);
    timer.unref();
  });
  return Promise.race([answer, late]).finally(() => clearTimeout(timer));
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
