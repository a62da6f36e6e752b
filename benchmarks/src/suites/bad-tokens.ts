import { Metadata } from '@grpc/grpc-js';
import type { ServerCallContext } from 'grpc-js-middleware';
import { jwtAuthenticator, type Authenticate } from 'grpc-js-middleware/auth';
import { SignJWT } from 'jose';
import type { Report } from '../harness/report.js';
import { inRounds } from '../harness/rounds.js';
import { AUDIENCE, ISSUER, SECRET, makeToken } from '../features/token.js';

/** A bad token may cost this many times what a good one does, so that sending bad ones is no attack. */
const MOST = 10;
const DISTINCT = 100_000;
/** What a collected heap may differ by. */
const GROWTH_MB = 2;

/** What do bad tokens cost, and what do they leave behind? */
export default async function badTokens(): Promise<Report> {
  const verifying = authenticator(false);
  const good = await makeToken();
  const variants = [
    { name: 'a good one, verified', tokens: [good], authenticate: verifying },
    { name: 'a good one, remembered', tokens: [good], authenticate: authenticator() },
    ...Object.entries(await badOnes(good)).map(([name, token]) => ({
      name,
      tokens: [token],
      authenticate: verifying,
    })),
  ];
  const measured = await inRounds(
    variants.map(({ name, tokens, authenticate }, index) => ({
      name,
      run: (count) => present(authenticate, () => tokens[0]!, count, index < 2),
    })),
    { rounds: 15, operations: 400, warmup: 5 },
  );
  const ratios = measured.map(({ lower }) => lower / measured[0]!.lower);
  const growthMb = await growth(good);
  return {
    title: 'Bad tokens: their cost beside a good one, and what they leave behind',
    how: `CPU time of one verification (HS256), without a cache unless it says so; lower quartiles of 15 interleaved rounds of 400. Afterwards ${DISTINCT.toLocaleString('en')} distinct bad tokens are presented to an authenticator with its cache: what the collected heap grew by must be noise.`,
    columns: ['token', 'CPU µs', 'times a good one'],
    rows: [
      ...measured.map(({ name, lower }, index) => [name, lower.toFixed(1), ratios[index]!.toFixed(2)]),
      [`heap after ${DISTINCT.toLocaleString('en')} distinct bad ones`, `${growthMb.toFixed(2)} MB`, ''],
    ],
    figures: {
      ...Object.fromEntries(measured.map(({ name }, index) => [name, ratios[index]!])),
      'heap growth MB': growthMb,
    },
    failures: [
      ...measured.flatMap(({ name }, index) =>
        ratios[index]! > MOST
          ? [`${name}: ${ratios[index]!.toFixed(1)} times a good one, at most ${MOST} are allowed`]
          : [],
      ),
      ...(growthMb > GROWTH_MB ? [`the heap grew by ${growthMb.toFixed(1)} MB`] : []),
    ],
  };
}

const authenticator = (cache?: false): Authenticate =>
  jwtAuthenticator({
    issuer: ISSUER,
    audience: AUDIENCE,
    algorithms: ['HS256'],
    keys: { secret: SECRET },
    ...(cache === false && { cache }),
  });

async function badOnes(good: string): Promise<Record<string, string>> {
  const [header, payload, signature] = good.split('.') as [string, string, string];
  const encoded = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = (change: (token: SignJWT) => SignJWT): Promise<string> =>
    change(
      new SignJWT({ roles: ['customer'] })
        .setProtectedHeader({ alg: 'HS256' })
        .setIssuer(ISSUER)
        .setAudience(AUDIENCE)
        .setSubject('user-7')
        .setExpirationTime('1h'),
    ).sign(new TextEncoder().encode(SECRET));
  return {
    'signature of another token': `${header}.${encoded({ sub: 'admin' })}.${signature}`,
    truncated: good.slice(0, -10),
    'no token at all': 'garbage',
    'algorithm none': `${encoded({ alg: 'none' })}.${payload}.`,
    'an algorithm that is not allowed': `${encoded({ alg: 'RS256' })}.${payload}.${signature}`,
    expired: await signed((token) => token.setExpirationTime('1s ago')),
    'not yet valid': await signed((token) => token.setNotBefore('1h')),
    'of another issuer': await signed((token) => token.setIssuer('https://elsewhere')),
    'for another audience': await signed((token) => token.setAudience('elsewhere')),
    '100 KB of payload': `${header}.${'A'.repeat(100_000)}.${signature}`,
    '100 KB of dots': '.'.repeat(100_000),
  };
}

/** Presents tokens, some at a time, and makes sure that they fare as they should. */
async function present(authenticate: Authenticate, token: () => string, count: number, good: boolean): Promise<void> {
  for (let left = count; left > 0; left -= 50) {
    const outcomes = Array.from({ length: Math.min(50, left) }, () => accepted(authenticate, token()));
    if ((await Promise.all(outcomes)).some((yes) => yes !== good)) throw new Error(`A token fared wrong: ${token()}`);
  }
}

async function accepted(authenticate: Authenticate, token: string): Promise<boolean> {
  const metadata = new Metadata();
  metadata.set('authorization', `Bearer ${token}`);
  try {
    return (await authenticate({ metadata } as ServerCallContext)) !== undefined;
  } catch {
    return false;
  }
}

async function growth(good: string): Promise<number> {
  const authenticate = authenticator();
  const [header, payload] = good.split('.');
  let number = 0;
  const next = (): string => `${header}.${payload}.${(number++).toString(36).padStart(43, 'A')}`;
  // What compiles and fills pools comes first.
  await present(authenticate, next, DISTINCT / 10, false);
  const before = heap();
  await present(authenticate, next, DISTINCT, false);
  return (heap() - before) / 1e6;
}

function heap(): number {
  for (let i = 0; i < 3; i++) globalThis.gc!();
  return process.memoryUsage().heapUsed;
}
