import { status } from '@grpc/grpc-js';
import { StatusError } from 'grpc-js-middleware';
import { Hono, type Context, type MiddlewareHandler } from 'hono';
import { deleteCookie, getCookie, setCookie } from 'hono/cookie';
import type { Claims, Issuer } from '../identity/issuer.js';
import { PEOPLE, type Person } from '../identity/people.js';
import { TEST_CARDS } from '../services/payments/test-cards.js';
import { jsonOf } from './body.js';
import type { SessionInfo, SignIn } from './contract.js';
import type { GatewayEnv } from './env.js';

const COOKIE = 'shop_session';
const LIFETIME_SECONDS = 3_600;

/** Finds out who calls: by the cookie, or by a token of one's own. A token that is no good is refused, not ignored. */
export function identify(issuer: Issuer): MiddlewareHandler<GatewayEnv> {
  return async (context, next) => {
    const token = bearerOf(context) ?? getCookie(context, COOKIE);
    const claims = token === undefined ? undefined : await issuer.verify(token);
    if (token !== undefined && claims === undefined) {
      deleteCookie(context, COOKIE); // so that a browser with a token of an older shop can sign in again
      throw new StatusError(status.UNAUTHENTICATED, 'The token was not issued by this shop, or has expired');
    }
    context.set('session', claims && { token: token!, claims });
    await next();
  };
}

/** Signing in and out. Anybody may be anybody of the seed: this is an example, and on this machine alone. */
export function sessionRoutes(issuer: Issuer, breakable: boolean): Hono<GatewayEnv> {
  const info = (me: Person | null): SessionInfo => ({
    me,
    people: PEOPLE,
    cards: TEST_CARDS.map(({ verdict: _verdict, ...card }) => card),
    breakable,
  });
  return new Hono<GatewayEnv>()
    .get('/', (context) => context.json(info(personOf(context.get('session')?.claims))))
    .post('/', async (context) => {
      const { userId } = (await jsonOf(context)) as Partial<SignIn>;
      const me = PEOPLE.find((person) => person.userId === userId);
      if (me === undefined) throw new StatusError(status.INVALID_ARGUMENT, 'userId must be that of one of the people');
      setCookie(context, COOKIE, await issuer.token(me, LIFETIME_SECONDS * 1_000), {
        httpOnly: true,
        sameSite: 'Strict',
        path: '/',
        maxAge: LIFETIME_SECONDS,
      });
      return context.json(info(me));
    })
    .delete('/', (context) => {
      deleteCookie(context, COOKIE);
      return context.json(info(null));
    });
}

function bearerOf({ req }: Context): string | undefined {
  const given = req.header('authorization');
  return given?.replace(/^Bearer /i, '');
}

/** Who a token speaks for, who need not be of the seed. */
function personOf(claims: Claims | undefined): Person | null {
  if (claims === undefined) return null;
  const { userId, name = `User ${userId}`, email = '', role } = claims;
  return { userId, name, email, role: role === 'admin' ? 'admin' : 'customer' };
}
