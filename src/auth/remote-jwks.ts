import { optionError, optionsOf, withheld } from '../core/base/options.js';
import type { KeySource } from './key-source.js';
import { isLoopbackHost } from './loopback.js';
import { RemoteKeys, type KeyTiming } from './remote-keys.js';

/** The issuer's key set, fetched when it is first needed and kept. */
export interface RemoteJwks {
  /** Where the issuer publishes its keys: https, or http to this machine. */
  readonly jwksUri: string | URL;
  /**
   * Fetches keys over plain http from elsewhere too. Whoever sits on that way can then sign tokens of his own.
   * @default false
   */
  readonly allowInsecure?: boolean;
  /**
   * How long one fetch may take, in milliseconds.
   * @default 5_000
   */
  readonly timeoutMs?: number;
  /**
   * How large the key set may be, in bytes.
   * @default 262_144
   */
  readonly maxBytes?: number;
  /**
   * How long fetched keys are used without asking again, in milliseconds. A key that the issuer withdraws is
   * refused after this at the latest, and after the token cache's `maxAgeMs`.
   * @default 600_000
   */
  readonly refreshMs?: number;
  /**
   * How old keys may become while the issuer cannot be reached, in milliseconds since they were fetched. An hour is
   * about as long as the tokens live that such an issuer signed before.
   * @default 3_600_000
   */
  readonly maxStaleMs?: number;
  /**
   * How long after a fetch a token with an unknown key is refused without asking again, in milliseconds: invented key
   * ids cost the issuer one request in this time.
   * @default 30_000
   */
  readonly cooldownMs?: number;
  /**
   * How long after a first failed fetch the next one may be tried, in milliseconds; it doubles with every failure.
   * @default 1_000
   */
  readonly initialBackoffMs?: number;
  /**
   * The longest time between two tries, in milliseconds.
   * @default 60_000
   */
  readonly maxBackoffMs?: number;
}

const REMOTE_OPTIONS = [
  'jwksUri',
  'allowInsecure',
  'timeoutMs',
  'maxBytes',
  'refreshMs',
  'maxStaleMs',
  'cooldownMs',
  'initialBackoffMs',
  'maxBackoffMs',
] as const;

/** Checks the options and makes the source; nothing is fetched yet. */
export function remoteKeySource(option: string, options: RemoteJwks): KeySource {
  const check = optionsOf(option, options, REMOTE_OPTIONS);
  const url = keyServer(`${option}.jwksUri`, options.jwksUri, check.boolean('allowInsecure', false));
  const milliseconds = (name: keyof KeyTiming, fallback: number, min = 1): number =>
    check.number(name, { min, fallback });
  const bounds = {
    timeoutMs: check.milliseconds('timeoutMs', { min: 1, fallback: 5_000 }),
    maxBytes: check.number('maxBytes', { min: 1, integer: true, fallback: 262_144 }),
  };
  const refreshMs = milliseconds('refreshMs', 600_000);
  const initialBackoffMs = milliseconds('initialBackoffMs', 1_000);
  return new RemoteKeys(url, bounds, {
    refreshMs,
    maxStaleMs: milliseconds('maxStaleMs', Math.max(3_600_000, refreshMs), refreshMs),
    cooldownMs: milliseconds('cooldownMs', 30_000, 0),
    initialBackoffMs,
    maxBackoffMs: milliseconds('maxBackoffMs', Math.max(60_000, initialBackoffMs), initialBackoffMs),
  });
}

function keyServer(option: string, uri: unknown, allowInsecure: boolean): URL {
  const url = URL.canParse(String(uri)) ? new URL(String(uri)) : undefined;
  const plain = url?.protocol === 'http:';
  if (url === undefined || (!plain && url.protocol !== 'https:') || url.username !== '' || url.password !== '') {
    // It may hold a password.
    throw optionError(option, 'an http(s) URL without a user', withheld(uri));
  }
  if (plain && !allowInsecure && !isLoopbackHost(url.hostname)) {
    // Its query may hold a key.
    const shown = `${url.origin}${url.pathname}`;
    throw optionError(option, 'https, unless it is on this machine or allowInsecure is set', shown);
  }
  return url;
}
