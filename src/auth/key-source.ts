import type { JWTVerifyGetKey } from 'jose';

/** Where a verifier finds the key of a token. */
export interface KeySource {
  /** Grows when keys are replaced: what was verified under an earlier version has to be verified again. */
  readonly version: number;
  /** The key for a token's protected header; throws `KeysUnavailableError` when there are none for now. */
  readonly find: JWTVerifyGetKey;
}
