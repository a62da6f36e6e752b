import * as auth from 'grpc-js-middleware/auth';
import { wrong, wrongArgument, wrongOptions, type WithoutOptions, type WrongCalls } from '../support/wrong.js';

const jwt: auth.JwtAuthenticatorOptions = {
  issuer: 'https://issuer.example',
  audience: 'shop',
  algorithms: ['HS256'],
  keys: { secret: 'x'.repeat(32) },
};
const remote: auth.RemoteJwks = { jwksUri: 'https://issuer.example/keys' };
/** An authenticator with these keys. */
export const withKeys = (keys: auth.JwtKeys, algorithm: auth.JwtAlgorithm = 'ES256'): unknown =>
  auth.jwtAuthenticator({ ...jwt, algorithms: [algorithm], keys });

export const wrongCalls: WrongCalls = {
  authServerInterceptor: wrongOptions<auth.AuthServerOptions>(
    'authServerInterceptor',
    auth.authServerInterceptor,
    { authenticate: () => undefined, policy: auth.definePolicy({}) },
    {
      authenticate: [undefined, ...wrong.function, [], ['x']],
      policy: [undefined, ...wrong.foreign],
      onDecision: wrong.function,
    },
  ),
  definePolicy: [
    ...wrongArgument('definePolicy: rules', wrong.object, auth.definePolicy),
    ...wrongArgument("definePolicy: rules['a.B/C']", [null, true, 'x', {}, auth.allow.role], (rule) =>
      auth.definePolicy({ 'a.B/C': rule }),
    ),
    ...wrongArgument("definePolicy: rules['a.B']", [undefined], () => auth.definePolicy({ 'a.B': auth.allow.anyone })),
  ],
  allow: [
    ...wrongArgument('allow.role: roles', wrong.text, (role) => auth.allow.role(role)),
    ...wrongArgument('allow.role: roles', [[]], (roles: never[]) => auth.allow.role(...(roles as [never]))),
    ...wrongArgument('allow.scope: scopes', wrong.text, (scope) => auth.allow.scope(scope)),
    ...wrongArgument('allow.when: check', wrong.function, (check) => auth.allow.when(check)),
    ...wrongArgument('allow.request: check', wrong.function, (check) => auth.allow.request(check)),
    ...wrongArgument('allow.any: rules', [null, 'x', {}], (rule) => auth.allow.any(rule)),
    ...wrongArgument('allow.all: rules', [null, 'x', {}], (rule) => auth.allow.all(rule)),
  ],
  jwtAuthenticator: [
    ...wrongOptions('jwtAuthenticator', auth.jwtAuthenticator, jwt, {
      issuer: [undefined, ...wrong.text],
      audience: [undefined, ...wrong.text, [], ['']],
      algorithms: [undefined, ...wrong.list, [], ['none'], ['HS256', 'ES256']],
      keys: [undefined, ...wrong.object, {}, { secret: 'x', jwksUri: 'x' }],
      typ: wrong.text,
      clockToleranceMs: [...wrong.atLeastZero, 300_001],
      maxTokenLength: wrong.count,
      cache: [null, true, 'x', []],
      claimsToIdentity: wrong.function,
      realm: [...wrong.text, 'a"b'],
    }),
    ...wrongOptions<auth.TokenCacheOptions>(
      'jwtAuthenticator: cache',
      (cache) => auth.jwtAuthenticator({ ...jwt, cache }),
      {},
      { maxEntries: wrong.count, maxAgeMs: wrong.positive },
    ),
    ...wrongOptions('jwtAuthenticator: keys', withKeys, remote, {
      jwksUri: [null, '', 5, 'x', 'ftp://a.example', 'https://a:b@c.example', 'http://c.example'],
      allowInsecure: wrong.boolean,
      timeoutMs: wrong.time,
      maxBytes: wrong.count,
      refreshMs: wrong.positive,
      maxStaleMs: [...wrong.positive, 1],
      cooldownMs: wrong.atLeastZero,
      initialBackoffMs: wrong.positive,
      maxBackoffMs: [...wrong.positive, 1],
    }),
    ...wrongArgument('jwtAuthenticator: keys.secret', [null, 5, {}, '', 'short', new Uint8Array(31)], (secret) =>
      withKeys({ secret }, 'HS256'),
    ),
    ...wrongArgument('jwtAuthenticator: keys.publicKeyPem', [null, 5, {}, '', 'x'], (publicKeyPem) =>
      withKeys({ publicKeyPem }),
    ),
    ...wrongArgument('jwtAuthenticator: keys.jwks', [null, 5, {}, [], { keys: [] }], (jwks) => withKeys({ jwks })),
  ],
  mtlsAuthenticator: wrongOptions<auth.MtlsAuthenticatorOptions>(
    'mtlsAuthenticator',
    auth.mtlsAuthenticator,
    {},
    { identify: wrong.function },
  ),
  apiKeyAuthenticator: wrongOptions<auth.ApiKeyAuthenticatorOptions>(
    'apiKeyAuthenticator',
    auth.apiKeyAuthenticator,
    { keys: { a: { sha256: 'a'.repeat(64), subject: 'acme' } } },
    { keys: [undefined, null, 'x', 5, {}], header: [null, '', 5, {}, 'X-Key', 'key-bin'] },
  ),
  authClientInterceptor: wrongOptions<auth.AuthClientOptions>(
    'authClientInterceptor',
    auth.authClientInterceptor,
    { token: 'token' },
    {
      token: [undefined, null, '', 'two words', 5, {}],
      scheme: [...wrong.text, 'two words'],
      perCall: wrong.boolean,
      refreshBeforeMs: wrong.atLeastZero,
      timeoutMs: wrong.time,
      initialBackoffMs: wrong.positive,
      maxBackoffMs: wrong.positive,
      allowInsecure: wrong.boolean,
    },
  ),
  tlsServerCredentials: wrongOptions<auth.TlsServerOptions>(
    'tlsServerCredentials',
    auth.tlsServerCredentials,
    { certFile: 'a', keyFile: 'b' },
    {
      certFile: [undefined, ...wrong.text, '-----BEGIN CERTIFICATE-----'],
      keyFile: [undefined, ...wrong.text, '-----BEGIN PRIVATE KEY-----'],
      clientCaFile: wrong.text,
      requireClientCertificate: [...wrong.boolean, true],
      reloadIntervalMs: wrong.timeOrNever,
      onReload: wrong.function,
    },
  ),
  tlsChannelCredentials: [
    ...wrongOptions<auth.TlsChannelOptions>(
      'tlsChannelCredentials',
      auth.tlsChannelCredentials,
      {},
      {
        caFile: wrong.text,
        certFile: wrong.text,
        keyFile: wrong.text,
        reloadIntervalMs: wrong.timeOrNever,
        onReload: wrong.function,
      },
    ),
    ...wrongArgument('tlsChannelCredentials: keyFile', [undefined], (keyFile) =>
      auth.tlsChannelCredentials({ certFile: 'a', keyFile }),
    ),
    ...wrongArgument('tlsChannelCredentials: certFile', [undefined], (certFile) =>
      auth.tlsChannelCredentials({ certFile, keyFile: 'a' }),
    ),
  ],
};

export const withoutOptions: WithoutOptions = {
  identityOf: 'takes a call',
  currentIdentity: 'takes nothing',
  healthAndReflection: 'is a constant',
  certificateIdentity: 'takes a certificate',
};
