import type { HttpBindings } from '@hono/node-server';
import type { Claims } from '../identity/issuer.js';

/** Somebody who is signed in, and the token that says so. */
export interface Session {
  readonly token: string;
  readonly claims: Claims;
}

/** What Hono's contexts hold here. */
export interface GatewayEnv {
  Bindings: HttpBindings;
  Variables: { session: Session | undefined };
}
