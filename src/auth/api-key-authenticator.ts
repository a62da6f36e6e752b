import { createHash, timingSafeEqual } from 'node:crypto';
import { isThenable } from '../core/base/report-failure.js';
import { isObject, optionError, optionsOf, withheld } from '../core/base/options.js';
import type { Identity } from '../core/shared/identity.js';
import type { Authenticate } from './authenticate.js';
import { CredentialsError } from './failures.js';

/** One key that is valid now; for a rotation, list the old and the new one. */
export interface ApiKey {
  /** The SHA-256 of the key, in 64 hexadecimal digits: `printf %s "$KEY" | sha256sum`. */
  readonly sha256: string;
  /** Whom the key speaks for. */
  readonly subject: string;
  /** What `allow.role` asks for. @default [] */
  readonly roles?: readonly string[];
  /** What `allow.scope` asks for. @default [] */
  readonly scopes?: readonly string[];
}

/** What a look-up answers for a key that is valid. */
export type ApiKeyOwner = Omit<ApiKey, 'sha256'>;

/** Finds keys elsewhere, by their digest. */
export interface ApiKeyLookup {
  /**
   * @param digest the SHA-256 of the key that was shown, in lower-case hexadecimal digits.
   * @returns the owner, or undefined for a key that is not valid. A throw refuses the call.
   */
  readonly lookup: (digest: string) => ApiKeyOwner | undefined | Promise<ApiKeyOwner | undefined>;
}

/** Options of {@link apiKeyAuthenticator}. */
export interface ApiKeyAuthenticatorOptions {
  /** The valid keys by an id of yours, which may be logged; or where to look them up. Keys themselves are not kept. */
  readonly keys: Readonly<Record<string, ApiKey>> | ApiKeyLookup;
  /** The header that carries the key. @default 'x-api-key' */
  readonly header?: string;
}

const OWNER = 'apiKeyAuthenticator';

/** The longest key that is hashed, in characters. */
const MAX_LENGTH = 1_024;

/**
 * Identifies callers by an API key in a header. Only digests are kept and compared, each with every valid one in
 * constant time, so several keys of one subject may be valid at once. The identity's scheme is `api-key`, its `claims` have
 * the `keyId`. Use keys of at least 128 random bits: a digest of a password can be guessed.
 *
 * @throws TypeError for wrong options.
 *
 * @example
 * apiKeyAuthenticator({ keys: { 'acme-2026': { sha256: process.env.ACME_KEY_SHA256!, subject: 'acme', roles: ['partner'] } } })
 */
export function apiKeyAuthenticator(options: ApiKeyAuthenticatorOptions): Authenticate {
  const check = optionsOf(OWNER, options, ['keys', 'header']);
  const header = headerOf(check.string('header', 'x-api-key'));
  const find = finderOf(options.keys);
  return ({ metadata }) => {
    const values = metadata.get(header);
    if (values.length === 0) return undefined;
    const key = String(values[0]);
    if (values.length > 1) throw new CredentialsError('several API keys', 'invalid_request');
    if (key === '' || key.length > MAX_LENGTH) throw new CredentialsError('a malformed API key', 'invalid_request');
    const found = find(createHash('sha256').update(key).digest());
    return isThenable(found) ? Promise.resolve(found).then(known) : known(found);
  };
}

type Find = (digest: Buffer) => Identity | undefined | Promise<Identity | undefined>;

function known(identity: Identity | undefined): Identity {
  if (identity !== undefined) return identity;
  throw new CredentialsError('an unknown API key');
}

function finderOf(keys: unknown): Find {
  const expected = 'an object of { sha256, subject } by key id, or { lookup }';
  if (!isObject(keys)) throw optionError(`${OWNER}: keys`, expected, withheld(keys));
  const { lookup } = keys as Partial<ApiKeyLookup>;
  if (typeof lookup === 'function') return lookingUp(lookup);
  const entries = Object.entries(keys as Record<string, ApiKey>).map(([keyId, key]) => entryOf(keyId, key));
  if (entries.length === 0) throw optionError(`${OWNER}: keys`, expected, keys);
  return (digest) => {
    let found: Identity | undefined;
    // All are compared, whichever fits: how long it takes says nothing of the keys.
    for (const each of entries) if (timingSafeEqual(each.digest, digest)) found = each.identity;
    return found;
  };
}

function lookingUp(lookup: ApiKeyLookup['lookup']): Find {
  const identify = (owner: ApiKeyOwner | undefined): Identity | undefined => owner && identityOf(owner, undefined);
  return (digest) => {
    const owner = lookup(digest.toString('hex'));
    return isThenable(owner) ? Promise.resolve(owner).then(identify) : identify(owner);
  };
}

function entryOf(keyId: string, key: ApiKey): { readonly digest: Buffer; readonly identity: Identity } {
  const option = `${OWNER}: keys[${JSON.stringify(keyId)}]`;
  const check = optionsOf(option, key, ['sha256', 'subject', 'roles', 'scopes']);
  const { sha256, roles = [], scopes = [] } = key;
  if (typeof sha256 !== 'string' || !/^[0-9a-f]{64}$/i.test(sha256)) {
    // The key itself may have been written here.
    throw optionError(`${option}.sha256`, 'the SHA-256 of a key in 64 hexadecimal digits', withheld(sha256));
  }
  for (const [name, list] of Object.entries({ roles, scopes })) {
    if (!Array.isArray(list) || list.some((each) => typeof each !== 'string')) {
      throw optionError(`${option}.${name}`, 'a list of strings', list);
    }
  }
  return {
    digest: Buffer.from(sha256, 'hex'),
    identity: identityOf({ ...key, subject: check.string('subject') }, keyId),
  };
}

function identityOf({ subject, roles = [], scopes = [] }: ApiKeyOwner, keyId: string | undefined): Identity {
  return Object.freeze({
    subject,
    scheme: 'api-key',
    roles: Object.freeze([...roles]),
    scopes: Object.freeze([...scopes]),
    claims: Object.freeze(keyId === undefined ? {} : { keyId }),
  });
}

function headerOf(name: string): string {
  if (/^[a-z0-9_.-]+$/.test(name) && !name.endsWith('-bin') && !name.startsWith('grpc-')) return name;
  throw optionError(`${OWNER}: header`, "a header's name in lower case, such as 'x-api-key'", name);
}
