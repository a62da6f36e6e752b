import { Metadata } from '@grpc/grpc-js';
import type { ServerCallContext } from 'grpc-js-middleware';
import { jwtAuthenticator, type Authenticate, type Identity } from 'grpc-js-middleware/auth';
import { badTokens, keyPair, secretSigner, token, type Signer } from '../features/bad-tokens.js';
import { AUDIENCE, ISSUER, SECRET } from '../features/token.js';
import type { Report } from '../harness/report.js';
import { inRounds, type Measured, type Variant } from '../harness/rounds.js';

const FLOOD = Number(process.env['FLOOD_TOKENS'] ?? 100_000);
/** A bad token may cost this many times a good one. */
const MAX_RATIO = 10;
const ROUNDS = { rounds: 12, operations: 100, warmup: 3 };

/** Can somebody without a good token make a server work, or remember? */
export default async function tokens(): Promise<Report[]> {
  return [await costs(), await flood()];
}

/** An issuer in the middle of a rotation: several keys, and a bad token without a key id is tried with more than one. */
const keys = ['key-1', 'key-2', 'key-3', 'key-4'].map(keyPair);

interface Issuer {
  readonly name: string;
  readonly signer: Signer;
  readonly authenticator: (cache: { maxEntries: number } | false) => Authenticate;
}

const issuers: readonly Issuer[] = [
  {
    name: 'ES256',
    signer: keys[0]!,
    authenticator: (cache) =>
      jwtAuthenticator({
        issuer: ISSUER,
        audience: AUDIENCE,
        algorithms: ['ES256'],
        keys: { jwks: { keys: keys.map(({ jwk }) => jwk) } },
        cache,
      }),
  },
  {
    name: 'HS256',
    signer: secretSigner,
    authenticator: (cache) =>
      jwtAuthenticator({ issuer: ISSUER, audience: AUDIENCE, algorithms: ['HS256'], keys: { secret: SECRET }, cache }),
  },
];

/** As much of a call as an authenticator looks at. */
function bearer(value: string): ServerCallContext {
  const metadata = new Metadata();
  metadata.set('authorization', `Bearer ${value}`);
  return { metadata } as ServerCallContext;
}

/** Asks for each in turn; throws when the wrong ones are let in. */
async function ask(authenticate: Authenticate, calls: readonly ServerCallContext[], good: boolean): Promise<void> {
  for (const call of calls) {
    const identity = await identityOf(authenticate, call);
    if ((identity !== undefined) !== good) throw new Error(`A ${good ? 'good token was refused' : 'bad token passed'}`);
  }
}

async function identityOf(authenticate: Authenticate, call: ServerCallContext): Promise<Identity | undefined> {
  try {
    return await authenticate(call);
  } catch {
    return undefined;
  }
}

interface Cost extends Measured {
  readonly issuer: string;
  readonly ratio: number;
}

/** CPU per token, verified anew each time, against that of a good one. */
async function costs(): Promise<Report> {
  const rows: Cost[] = [];
  for (const issuer of issuers) rows.push(...(await costsWith(issuer)));
  return {
    title: 'Tokens: CPU µs to judge a bad one, and times a good one',
    how: `Without cache, each token distinct, ${ROUNDS.rounds} rounds of ${ROUNDS.operations} of each kind in turn; medians. The issuer of ES256 has four keys. No bad token may cost more than ${MAX_RATIO} times a good one.`,
    columns: ['token', 'algorithm', 'µs', 'times a good one'],
    rows: rows.map(({ name, issuer, median, ratio }) => [name, issuer, median.toFixed(1), ratio.toFixed(2)]),
    figures: Object.fromEntries(rows.map(({ name, issuer, ratio }) => [`${issuer}: ${name}`, ratio])),
    failures: rows
      .filter(({ ratio }) => ratio > MAX_RATIO)
      .map(({ name, issuer, ratio }) => `${issuer}, ${name}: ${ratio.toFixed(1)} times a good token`),
  };
}

async function costsWith({ name, signer, authenticator }: Issuer): Promise<Cost[]> {
  const authenticate = authenticator(false);
  const callsOf = (make: (number: number) => string): ServerCallContext[] =>
    Array.from({ length: ROUNDS.operations }, (_, number) => bearer(make(number)));
  const variant = (kind: string, calls: ServerCallContext[], good: boolean): Variant => ({
    name: kind,
    run: () => ask(authenticate, calls, good),
  });
  const good = callsOf((number) => token(signer, { jti: number }));
  const bad = Object.entries(badTokens)
    // Only an issuer with several keys looks at a key id.
    .filter(([kind]) => name === 'ES256' || !kind.includes('key id'))
    .map(([kind, make]) =>
      variant(
        kind,
        callsOf((number) => make(signer, number)),
        false,
      ),
    );
  const measured = await inRounds([variant('good', good, true), ...bad], ROUNDS);
  return measured.map((each) => ({ ...each, issuer: name, ratio: each.median / measured[0]!.median }));
}

const heapMb = async (): Promise<number> => {
  for (let turn = 0; turn < 3; turn++) {
    await new Promise(setImmediate);
    globalThis.gc!();
  }
  return process.memoryUsage().heapUsed / 1e6;
};

/**
 * Distinct bad tokens against a cache with one place. The good token that has it would lose it to the first bad one
 * that is kept, and would then cost a promise again.
 */
async function flood(): Promise<Report> {
  const { signer, authenticator } = issuers[1]!;
  const authenticate = authenticator({ maxEntries: 1 });
  const good = bearer(token(signer));
  await ask(authenticate, [good], true);
  const kinds = Object.entries(badTokens).filter(([kind]) => !kind.startsWith('100 KB'));
  const checkpoints: { readonly sent: number; readonly heap: number }[] = [];
  for (let sent = 0; sent < FLOOD;) {
    for (const until = sent + FLOOD / 5; sent < until; sent++) {
      const [, make] = kinds[sent % kinds.length]!;
      await ask(authenticate, [bearer(make(signer, sent))], false);
    }
    checkpoints.push({ sent, heap: await heapMb() });
  }
  const kept = authenticate(good) instanceof Promise;
  const growthMb = checkpoints.at(-1)!.heap - checkpoints[0]!.heap;
  return {
    title: `Tokens: ${FLOOD.toLocaleString('en')} distinct bad ones`,
    how: 'Of every kind above but the largest, one after another, against a cache with a single place, which a good token has. Were one of them kept, the good one would have to be verified again. The heap is collected before it is measured.',
    columns: ['after tokens', 'heap MB'],
    rows: checkpoints.map(({ sent, heap }) => [sent.toLocaleString('en'), heap.toFixed(2)]),
    figures: { growthMb, kept: Number(kept) },
    failures: [
      ...(kept ? ['a bad token took the place of a good one'] : []),
      ...(growthMb > 1 ? [`the heap grew by ${growthMb.toFixed(1)} MB`] : []),
    ],
  };
}
