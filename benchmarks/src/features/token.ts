import { Metadata } from '@grpc/grpc-js';
import { allow, authServerInterceptor, definePolicy, jwtAuthenticator } from 'grpc-js-middleware/auth';
import { SignJWT } from 'jose';

export const SECRET = 'a secret of the benchmark, long enough for SHA-256';
export const ISSUER = 'https://issuer.bench';
export const AUDIENCE = 'bench';

/** A token as users send it: an hour of life, a role, a few claims. */
export function makeToken(): Promise<string> {
  return new SignJWT({ roles: ['customer'], scope: 'read write', email: 'someone@example.com' })
    .setProtectedHeader({ alg: 'HS256' })
    .setIssuer(ISSUER)
    .setAudience(AUDIENCE)
    .setSubject('user-7')
    .setIssuedAt()
    .setExpirationTime('1h')
    .sign(new TextEncoder().encode(SECRET));
}

/** What a client of the recommended stack sends: its token and the trace that it is part of. */
export async function callMetadata(): Promise<Metadata> {
  const metadata = new Metadata();
  metadata.set('authorization', `Bearer ${await makeToken()}`);
  metadata.set('traceparent', '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01');
  return metadata;
}

/** Tokens verified once and then remembered (unless told not to), and a rule by role for each method. */
export const auth = (cache?: false): ReturnType<typeof authServerInterceptor> =>
  authServerInterceptor({
    authenticate: jwtAuthenticator({
      issuer: ISSUER,
      audience: AUDIENCE,
      algorithms: ['HS256'],
      keys: { secret: SECRET },
      ...(cache === false && { cache }),
    }),
    policy: definePolicy({ '*': allow.role('customer') }),
  });
