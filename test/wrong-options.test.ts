import * as root from 'grpc-js-middleware';
import * as auth from 'grpc-js-middleware/auth';
import * as deadlines from 'grpc-js-middleware/deadlines';
import * as errors from 'grpc-js-middleware/errors';
import * as health from 'grpc-js-middleware/health';
import * as lifecycle from 'grpc-js-middleware/lifecycle';
import * as logging from 'grpc-js-middleware/logging';
import * as metrics from 'grpc-js-middleware/metrics';
import * as overload from 'grpc-js-middleware/overload';
import * as postgres from 'grpc-js-middleware/postgres';
import * as promises from 'grpc-js-middleware/promises';
import * as redis from 'grpc-js-middleware/redis';
import * as resolver from 'grpc-js-middleware/resolver';
import * as retry from 'grpc-js-middleware/retry';
import * as testing from 'grpc-js-middleware/testing';
import * as tracing from 'grpc-js-middleware/tracing';
import * as validation from 'grpc-js-middleware/validation';
import { afterEach, describe, expect, test, vi } from 'vitest';
import manifest from '../package.json' with { type: 'json' };
import type { WithoutOptions, WrongCalls } from './support/wrong.js';
import * as wrongAuth from './wrong-options/auth.js';
import * as wrongDeadlines from './wrong-options/deadlines.js';
import * as wrongErrors from './wrong-options/errors.js';
import * as wrongHealth from './wrong-options/health.js';
import * as wrongLifecycle from './wrong-options/lifecycle.js';
import * as wrongLogging from './wrong-options/logging.js';
import * as wrongMetrics from './wrong-options/metrics.js';
import * as wrongOverload from './wrong-options/overload.js';
import * as wrongPostgres from './wrong-options/postgres.js';
import * as wrongPromises from './wrong-options/promises.js';
import * as wrongRedis from './wrong-options/redis.js';
import * as wrongResolver from './wrong-options/resolver.js';
import * as wrongRetry from './wrong-options/retry.js';
import * as wrongRoot from './wrong-options/root.js';
import * as wrongTesting from './wrong-options/testing.js';
import * as wrongTracing from './wrong-options/tracing.js';
import * as wrongValidation from './wrong-options/validation.js';

interface Table {
  readonly wrongCalls: WrongCalls;
  readonly withoutOptions?: WithoutOptions;
}

/** Each import path: what it exports, and what is said of that. */
const paths: Readonly<Record<string, readonly [exports: object, ...tables: Table[]]>> = {
  '.': [root, wrongRoot, wrongErrors, wrongPromises],
  './auth': [auth, wrongAuth],
  './deadlines': [deadlines, wrongDeadlines],
  './errors': [errors, wrongErrors],
  './health': [health, wrongHealth],
  './lifecycle': [lifecycle, wrongLifecycle],
  './logging': [logging, wrongLogging],
  './metrics': [metrics, wrongMetrics],
  './overload': [overload, wrongOverload],
  './postgres': [postgres, wrongPostgres],
  './promises': [promises, wrongPromises],
  './redis': [redis, wrongRedis],
  './resolver': [resolver, wrongResolver],
  './retry': [retry, wrongRetry],
  './testing': [testing, wrongTesting],
  './tracing': [tracing, wrongTracing],
  './validation': [validation, wrongValidation],
};

const calls: WrongCalls = Object.assign(
  {},
  ...Object.values(paths).flatMap(([, ...tables]) => tables.map(({ wrongCalls }) => wrongCalls)),
);

afterEach(() => vi.restoreAllMocks());

describe('wrong options', () => {
  test('every import path has a table', () => {
    const exported = Object.keys(manifest.exports).filter((path) => path !== './package.json');
    expect(Object.keys(paths).toSorted()).toEqual(exported.toSorted());
  });

  test.each(Object.keys(paths))('every export of %s has rows, or a reason why there are none', (path) => {
    const [exports, ...tables] = paths[path]!;
    const named = tables.flatMap(({ wrongCalls, withoutOptions = {} }) => [
      ...Object.keys(wrongCalls),
      ...Object.keys(withoutOptions),
    ]);
    expect(named.toSorted()).toEqual(Object.keys(exports).toSorted());
  });

  test.each(Object.keys(calls))(
    'of %s throw at once and say what was expected and got; unknown names warn',
    async (name) => {
      const warn = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
      const accepted: string[] = [];
      for (const { option, given, call } of calls[name]!) {
        const thrown = await thrownBy(call);
        if (!(thrown instanceof TypeError && isAbout(option, thrown.message))) {
          accepted.push(`${option} = ${String(given)}: ${String(thrown)}`);
        }
      }
      expect(accepted).toEqual([]);
      const unknown = warn.mock.calls.flatMap(([text]) => (String(text).includes('unknown option') ? [text] : []));
      expect(unknown).toEqual(calls[name]!.flatMap(({ warning }) => warning ?? []));
    },
  );
});

describe('a secret is never shown', () => {
  const hunter = 'hunter2 hunter2 hunter2';
  const pem = `-----BEGIN PRIVATE KEY-----\n${hunter}\n-----END PRIVATE KEY-----`;
  const { withKeys } = wrongAuth;
  const careless: Record<string, () => unknown> = {
    'a token in the place of options': () => auth.authClientInterceptor(hunter as never),
    'a token that is none': () => auth.authClientInterceptor({ token: hunter }),
    'a token in the scheme': () => auth.authClientInterceptor({ token: 'x', scheme: `Bearer ${hunter}` }),
    'a secret in the place of keys': () => withKeys(hunter as never, 'HS256'),
    'a secret that is too short': () => withKeys({ secret: hunter }, 'HS256'),
    'a secret among public keys': () => withKeys({ secret: hunter, jwks: { keys: [] } }),
    'a secret for an algorithm with public keys': () => withKeys({ secret: hunter }),
    'a secret as a public key': () => withKeys({ publicKeyPem: hunter }),
    'a private key as a public one': () => withKeys({ publicKeyPem: pem }),
    'a private key in a key set': () => withKeys({ jwks: { keys: [{ kty: 'EC', crv: 'P-256', d: hunter }] } }),
    'a password in a URL': () => withKeys({ jwksUri: 'https://me:hunter2@issuer.example' }),
    'a private key in the place of its path': () => auth.tlsServerCredentials({ certFile: 'a', keyFile: pem }),
    'what an object of the wrong kind holds': () =>
      overload.rateLimitServerInterceptor({ limiter: { options: { password: hunter } } as never }),
  };

  test.each(Object.keys(careless))('%s', async (name) => {
    const error = await thrownBy(careless[name]!);
    expect(error).toBeInstanceOf(TypeError);
    expect((error as TypeError).message).not.toContain('hunter2');
  });
});

async function thrownBy(call: () => unknown): Promise<unknown> {
  try {
    return `gave ${String(await call())}`;
  } catch (error) {
    return error;
  }
}

/** An option's error may go on into the option: `methods[0]`, `histogram.buckets`. */
function isAbout(option: string, message: string): boolean {
  return message.startsWith(option) && /^(\[[^\]]+\]|\.\w+)* must be .+, got .+$/s.test(message.slice(option.length));
}
