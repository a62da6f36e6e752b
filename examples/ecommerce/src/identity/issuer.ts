import { createHmac } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import {
  calculateJwkThumbprint,
  createLocalJWKSet,
  exportJWK,
  generateKeyPair,
  importJWK,
  jwtVerify,
  SignJWT,
  type JWK,
} from 'jose';

/** Who signs the shop's tokens, and for whom. */
export const ISSUER = 'https://shop.example';
export const AUDIENCE = 'shop';
export const ALGORITHM = 'ES256';

export type Role = 'customer' | 'admin' | 'service';

export interface Claims {
  readonly userId: number;
  readonly role: Role;
  readonly email?: string;
  readonly name?: string;
}

/** As they stand in a token. */
interface UserClaims extends Omit<Claims, 'userId' | 'role'> {
  readonly user_id: number;
  readonly roles: readonly Role[];
}

const KEY_FILE = fileURLToPath(new URL('../../.data/issuer-key.json', import.meta.url));

/** Issues the shop's tokens. A real shop would have an identity provider here; what the services see is the same. */
export class Issuer {
  private constructor(private readonly key: JWK) {}

  static async withNewKey(): Promise<Issuer> {
    return new Issuer(await newKey());
  }

  /** With a key that the shop's processes, and `npm run token`, share through a file that only its owner can read. */
  static async fromFile(file = KEY_FILE): Promise<Issuer> {
    if (!existsSync(file)) writeOnce(file, JSON.stringify(await newKey()));
    return new Issuer(JSON.parse(readFileSync(file, 'utf8')) as JWK);
  }

  /** What verifies the tokens, for everybody to see. */
  get jwks(): { readonly keys: JWK[] } {
    const { d: _secret, ...publicKey } = this.key;
    return { keys: [publicKey] };
  }

  /** A secret of the shop's processes for one purpose: the same for each of them, and known to nobody else. */
  secretFor(purpose: string): Uint8Array {
    return createHmac('sha256', this.key.d!).update(purpose).digest();
  }

  /** A token of a user. */
  token({ userId, role, ...rest }: Claims, lifetimeMs = 3_600_000): Promise<string> {
    return this.sign(String(userId), { ...rest, user_id: userId, roles: [role] }, lifetimeMs);
  }

  /** A token by which a service of the shop calls another. */
  serviceToken(service: string, lifetimeMs = 300_000): Promise<string> {
    return this.sign(`service:${service}`, { roles: ['service'] }, lifetimeMs);
  }

  /** What a token of a user says; nothing unless it was issued here, for a user, and is still good. */
  async verify(token: string): Promise<Claims | undefined> {
    const terms = { issuer: ISSUER, audience: AUDIENCE, algorithms: [ALGORITHM] };
    const verified = await jwtVerify(token, createLocalJWKSet(this.jwks), terms).catch(() => undefined);
    if (typeof verified?.payload['user_id'] !== 'number') return undefined;
    const { user_id: userId, roles, name, email } = verified.payload as unknown as UserClaims;
    return { userId, role: roles[0]!, name, email };
  }

  /** Whether a token was issued here, is still good, and speaks for an administrator. */
  async isAdmin(token: string): Promise<boolean> {
    return (await this.verify(token))?.role === 'admin';
  }

  private async sign(subject: string, claims: Record<string, unknown>, lifetimeMs: number): Promise<string> {
    return new SignJWT(claims)
      .setProtectedHeader({ alg: ALGORITHM, kid: this.key.kid })
      .setSubject(subject)
      .setIssuer(ISSUER)
      .setAudience(AUDIENCE)
      .setIssuedAt()
      .setExpirationTime(new Date(Date.now() + lifetimeMs))
      .sign(await importJWK(this.key, ALGORITHM));
  }
}

async function newKey(): Promise<JWK> {
  const { privateKey } = await generateKeyPair(ALGORITHM, { extractable: true });
  const key = await exportJWK(privateKey);
  return { ...key, alg: ALGORITHM, use: 'sig', kid: await calculateJwkThumbprint(key) };
}

/** The first of several processes wins; the file appears with its content, or not at all. */
function writeOnce(file: string, content: string): void {
  mkdirSync(dirname(file), { recursive: true });
  const draft = `${file}.${process.pid}`;
  writeFileSync(draft, content, { mode: 0o600 });
  try {
    linkSync(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  } finally {
    rmSync(draft);
  }
}
