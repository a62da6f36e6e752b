// On the server: who is calling, and may they?
export { authServerInterceptor, type AuthServerOptions } from './server-interceptor.js';
export { identityOf, currentIdentity } from './identity.js';
export type { Identity } from '../core/shared/identity.js';
export type { AuthDecision } from './gate.js';

// Who may call what.
export { definePolicy, healthAndReflection, type Policy, type PolicyRules } from './policy.js';
export { allow, type CallCheck, type RequestCheck } from './allow.js';
export type { Rule } from './policy-rule.js';

// Ways to find out who is calling.
export type { Authenticate } from './authenticate.js';
export { jwtAuthenticator, type JwtAuthenticatorOptions } from './jwt-authenticator.js';
export type { JwtAlgorithm } from './jwt-algorithms.js';
export type { ClaimsToIdentity, JwtClaims } from './jwt-identity.js';
export type { JwtKeys } from './jwt-keys.js';
export type { RemoteJwks } from './remote-jwks.js';
export type { JsonWebKeySet } from './jwk-set.js';
export type { TokenCacheOptions } from './token-cache.js';
export { mtlsAuthenticator, certificateIdentity, type MtlsAuthenticatorOptions } from './mtls-authenticator.js';
export {
  apiKeyAuthenticator,
  type ApiKey,
  type ApiKeyAuthenticatorOptions,
  type ApiKeyLookup,
  type ApiKeyOwner,
} from './api-key-authenticator.js';

// On the client: the token to send.
export { authClientInterceptor, type AuthClientOptions } from './client-interceptor.js';
export type { ExpiringToken, GetToken } from './token-source.js';

// TLS from files that may be replaced.
export { tlsServerCredentials, type TlsServerOptions } from './tls-server-credentials.js';
export { tlsChannelCredentials, type TlsChannelOptions } from './tls-channel-credentials.js';
export type { TlsReload, TlsReloadOptions } from './tls-reloader.js';
