import { Metadata, status } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { currentCall } from '../core/context.js';
import { StatusError } from '../core/status-error.js';
import { EchoRequest, collect, startTestServer, type TestServer } from '../testing/index.js';
import { allow } from './allow.js';
import type { Authenticate } from './authenticate.js';
import { AUDIENCE, ISSUER, SECRET, bearerMetadata, claims, macced } from './fixtures/tokens.js';
import type { AuthDecision } from './gate.js';
import { currentIdentity, identityOf } from './identity.js';
import type { Identity } from '../core/identity.js';
import { jwtAuthenticator } from './jwt-authenticator.js';
import { definePolicy, type PolicyRules } from './policy.js';
import type { Rule } from './policy-rule.js';
import { authServerInterceptor, type AuthServerOptions } from './server-interceptor.js';

const ECHO = 'grpc_js_middleware.testing.v1.EchoService';
const EVERY = `${ECHO}/*`;

const jwt = jwtAuthenticator({
  issuer: ISSUER,
  audience: AUDIENCE,
  algorithms: ['HS256'],
  keys: { secret: SECRET },
});
const token = (given: object = {}): Metadata => bearerMetadata(macced(SECRET, claims(given)));

/** What the handlers saw. */
let reached: (Identity | undefined)[];
let running: TestServer | undefined;
const decisions: AuthDecision[] = [];

beforeEach(() => {
  reached = [];
  decisions.length = 0;
});
afterEach(async () => {
  await running?.close();
  running = undefined;
});

async function start(rules: PolicyRules, options: Partial<AuthServerOptions> = {}): Promise<TestServer> {
  const auth = authServerInterceptor({
    authenticate: jwt,
    policy: definePolicy(rules),
    onDecision: (decision) => void decisions.push(decision),
    ...options,
  });
  const answer = { text: '', count: 0, payload: Buffer.alloc(0) };
  running = await startTestServer({
    interceptors: [auth],
    handlers: {
      async echo() {
        reached.push(currentIdentity());
        return answer;
      },
      async *serverEcho(_, call) {
        reached.push(identityOf(call));
        yield answer;
      },
      async clientEcho(requests) {
        reached.push(identityOf(currentCall()));
        for await (const request of requests) answer.text = request.text;
        return answer;
      },
      async *bidiEcho(requests, call) {
        reached.push(identityOf(call));
        for await (const { text } of requests) yield { ...answer, text };
      },
    },
  });
  return running;
}

type Outcome = { code: status; details: string; challenge: string[] };
const OK = { code: status.OK, details: 'OK', challenge: [] };

/** How a call of this kind ends, for its client. */
async function call(kind: keyof typeof calls, metadata = new Metadata(), ...texts: string[]): Promise<Outcome> {
  const requests = (texts.length > 0 ? texts : ['x']).map((text) => EchoRequest.create({ text }));
  try {
    await calls[kind](requests, metadata);
    return OK;
  } catch (error) {
    const { code, details, metadata: trailers } = StatusError.from(error);
    return { code, details, challenge: trailers.get('www-authenticate') as string[] };
  }
}

const calls = {
  unary: (requests: EchoRequest[], metadata: Metadata) => running!.client.echo(requests[0]!, { metadata }),
  serverStream: (requests: EchoRequest[], metadata: Metadata) =>
    collect(running!.client.serverEcho(requests[0]!, { metadata })),
  clientStream: (requests: EchoRequest[], metadata: Metadata) => running!.client.clientEcho(requests, { metadata }),
  bidi: (requests: EchoRequest[], metadata: Metadata) => collect(running!.client.bidiEcho(requests, { metadata })),
};
const kinds = Object.keys(calls) as (keyof typeof calls)[];

const missing = {
  code: status.UNAUTHENTICATED,
  details: 'Missing credentials',
  challenge: ['Bearer realm="grpc"'],
};
const invalid = {
  code: status.UNAUTHENTICATED,
  details: 'Invalid credentials',
  challenge: ['Bearer realm="grpc", error="invalid_token"'],
};
const denied = { code: status.PERMISSION_DENIED, details: 'Permission denied', challenge: [] };

describe('the guide’s own case', () => {
  test('GetProduct skips authentication, the rest needs Bearer, and user_id and email reach the handler', async () => {
    await start({ [`${ECHO}/Echo`]: allow.anyone, [EVERY]: allow.authenticated });
    expect(await call('unary')).toEqual(OK);
    expect(await call('serverStream')).toEqual(missing);
    expect(await call('serverStream', bearerMetadata('nonsense'))).toMatchObject({ code: status.UNAUTHENTICATED });
    expect(await call('serverStream', token({ user_id: 42, email: 'ann@shop.example' }))).toEqual(OK);
    expect(reached).toMatchObject([undefined, { claims: { user_id: 42, email: 'ann@shop.example' } }]);
  });
});

describe.each(kinds)('%s:', (kind) => {
  test('who may, reaches the handler, which knows who it is', async () => {
    await start({ [EVERY]: allow.role('admin') });
    expect(await call(kind, token({ roles: ['admin'] }))).toEqual(OK);
    expect(reached).toMatchObject([{ subject: 'user-1', scheme: 'bearer' }]);
  });

  test('who shows nothing, or something bad, or may not, does not', async () => {
    await start({ [EVERY]: allow.role('admin') });
    expect(await call(kind)).toEqual(missing);
    expect(await call(kind, token({ exp: 1 }))).toEqual(invalid);
    expect(await call(kind, token({ roles: ['customer'] }))).toEqual(denied);
    expect(reached).toEqual([]);
  });

  test('a method without a rule is closed to all', async () => {
    await start({ 'other.Service/*': allow.anyone });
    expect(await call(kind)).toEqual(denied);
    expect(await call(kind, token({ roles: ['admin'] }))).toEqual(denied);
    expect(reached).toEqual([]);
  });

  test('the operator learns the reason, which the client does not', async () => {
    const { events } = await start({ [EVERY]: allow.authenticated });
    await call(kind, token({ exp: 1 }));
    const end = await events.until({ side: 'server', hook: 'onEnd' });
    expect(end).toMatchObject({ code: 'UNAUTHENTICATED', origin: 'interceptor' });
    expect((end.error as Error).cause).toMatchObject({ message: expect.stringContaining('ERR_JWT_EXPIRED') as string });
  });
});

describe('rules', () => {
  const run = async (rule: Rule, given: object = {}): Promise<string> => {
    await running?.close();
    await start({ [EVERY]: rule });
    return status[(await call('unary', token({ roles: ['a', 'b'], scope: 'r w', ...given }))).code];
  };
  const fails = allow.when(() => {
    throw new Error('database is down');
  });

  test('role: at least one; scope: all', async () => {
    expect(await run(allow.role('x', 'b'))).toBe('OK');
    expect(await run(allow.role('x', 'y'))).toBe('PERMISSION_DENIED');
    expect(await run(allow.scope('r', 'w'))).toBe('OK');
    expect(await run(allow.scope('r', 'x'))).toBe('PERMISSION_DENIED');
  });

  test('nobody, any and all', async () => {
    expect(await run(allow.nobody)).toBe('PERMISSION_DENIED');
    expect(await run(allow.any(allow.role('x'), allow.scope('r')))).toBe('OK');
    expect(await run(allow.any(allow.role('x'), allow.scope('x')))).toBe('PERMISSION_DENIED');
    expect(await run(allow.all(allow.role('a'), allow.scope('r')))).toBe('OK');
    expect(await run(allow.all(allow.role('a'), allow.scope('x')))).toBe('PERMISSION_DENIED');
    expect(await run(allow.all(allow.authenticated, allow.nobody))).toBe('PERMISSION_DENIED');
    expect(await run(allow.any(allow.nobody, allow.all(allow.role('a'), allow.any(allow.role('b')))))).toBe('OK');
  });

  test('when: told who calls and with what, now or later', async () => {
    const check = vi.fn((identity: Identity) => identity.subject === 'user-1');
    expect(await run(allow.when(check))).toBe('OK');
    expect(check).toHaveBeenCalledWith(
      expect.objectContaining({ subject: 'user-1' }),
      expect.objectContaining({ method: expect.objectContaining({ name: 'Echo' }) as object }),
    );
    expect(await run(allow.when(async () => true))).toBe('OK');
    expect(await run(allow.when(async () => false))).toBe('PERMISSION_DENIED');
    expect(
      await run(
        allow.any(
          allow.when(async () => false),
          allow.when(async () => true),
        ),
      ),
    ).toBe('OK');
    expect(
      await run(
        allow.all(
          allow.when(async () => true),
          allow.when(async () => false),
        ),
      ),
    ).toBe('PERMISSION_DENIED');
  });

  test.each<[string, Rule]>([
    ['throws', fails],
    ['rejects', allow.when(() => Promise.reject(new Error('down')))],
    ['says 1', allow.when(() => 1 as unknown as boolean)],
    ['says nothing', allow.when((() => {}) as unknown as () => boolean)],
    ['says an object, later', allow.when(async () => ({}) as unknown as boolean)],
  ])('when: that %s denies, and operators learn it', async (_, rule) => {
    expect(await run(rule)).toBe('PERMISSION_DENIED');
    expect(decisions.at(-1)!.reason).toMatchObject({ cause: expect.any(Error) as Error });
  });

  test('when: that throws does not undo another’s yes', async () => {
    expect(await run(allow.any(fails, allow.role('a')))).toBe('OK');
    expect(await run(allow.all(allow.role('a'), fails))).toBe('PERMISSION_DENIED');
  });

  test('any: asks no further than the first yes', async () => {
    const check = vi.fn(() => true);
    expect(await run(allow.any(allow.role('a'), allow.when(check)))).toBe('OK');
    expect(check).not.toHaveBeenCalled();
  });

  test('a bearer without a scope learns which he needs (RFC 6750)', async () => {
    await start({ [EVERY]: allow.all(allow.authenticated, allow.scope('orders:write')) });
    expect(await call('unary', token({ scope: 'orders:read' }))).toEqual({
      ...denied,
      challenge: ['Bearer realm="grpc", error="insufficient_scope", scope="orders:write"'],
    });
  });
});

describe('request: decides by each message', () => {
  const own = allow.request<EchoRequest>((identity, { text }) => identity.subject === text);

  test.each(['unary', 'serverStream'] as const)('%s: before the handler runs', async (kind) => {
    await start({ [EVERY]: own });
    expect(await call(kind, token(), 'user-1')).toEqual(OK);
    expect(await call(kind, token(), 'user-2')).toEqual(denied);
    expect(reached).toHaveLength(1);
  });

  test.each(['clientStream', 'bidi'] as const)('%s: the first bad one ends the call', async (kind) => {
    await start({ [EVERY]: own });
    expect(await call(kind, token(), 'user-1', 'user-1')).toEqual(OK);
    expect(await call(kind, token(), 'user-1', 'user-2', 'user-1')).toEqual(denied);
    expect(await call(kind)).toEqual(missing);
  });

  test('together with other rules, which decide first', async () => {
    await start({ [EVERY]: allow.any(own, allow.role('admin')) });
    expect(await call('unary', token(), 'user-1')).toEqual(OK);
    expect(await call('unary', token(), 'user-2')).toEqual(denied);
    expect(await call('unary', token({ roles: ['admin'] }), 'user-2')).toEqual(OK);
  });

  test('all of several', async () => {
    const short = allow.request<EchoRequest>(async (_, { text }) => text.length < 7);
    await start({ [EVERY]: allow.all(own, short, allow.authenticated) });
    expect(await call('unary', token(), 'user-1')).toEqual(OK);
    expect(await call('unary', token({ sub: 'user-10' }), 'user-10')).toEqual(denied);
  });

  test('a check that throws denies', async () => {
    const fails = allow.request(() => {
      throw new Error('no such field');
    });
    await start({ [EVERY]: allow.any(fails, own) });
    expect(await call('unary', token(), 'user-2')).toEqual(denied);
    expect(decisions.at(-1)!.reason).toMatchObject({ cause: { message: 'no such field' } });
    expect(await call('unary', token(), 'user-1')).toEqual(OK);
  });
});

describe('open to anyone', () => {
  test('good credentials make the caller known all the same', async () => {
    await start({ [EVERY]: allow.any(allow.anyone, allow.role('admin')) });
    expect(await call('unary', token())).toEqual(OK);
    expect(reached).toMatchObject([{ subject: 'user-1' }]);
  });

  test('bad ones refuse nobody, and the audit sees why they did not count', async () => {
    await start({ [EVERY]: allow.anyone });
    expect(await call('unary', token({ exp: 1 }))).toEqual(OK);
    expect(reached).toEqual([undefined]);
    expect(decisions).toMatchObject([{ allowed: true, reason: { name: 'CredentialsError' } }]);
  });

  test('nor does a key server that is away', async () => {
    const away: Authenticate = () => Promise.reject(new StatusError(status.UNAVAILABLE, 'away'));
    await start({ [EVERY]: allow.anyone }, { authenticate: away });
    expect(await call('unary', token())).toEqual(OK);
  });
});

describe('several authenticators', () => {
  const identity = (subject: string, scheme = 'key'): Identity => ({
    subject,
    scheme,
    roles: [],
    scopes: [],
    claims: {},
  });
  const apiKey: Authenticate = async ({ metadata }) => {
    const [key] = metadata.get('x-api-key');
    if (key === 'bad') throw new Error('no such key');
    return key === undefined ? undefined : identity(String(key));
  };
  const withKey = (key: string, metadata = new Metadata()): Metadata => {
    metadata.set('x-api-key', key);
    return metadata;
  };

  test('the first that knows its kind of credentials decides', async () => {
    await start({ [EVERY]: allow.authenticated }, { authenticate: [apiKey, jwt] });
    expect(await call('unary', token())).toEqual(OK);
    expect(await call('unary', withKey('k1'))).toEqual(OK);
    expect(await call('unary', withKey('k2', token()))).toEqual(OK);
    expect(reached.map((each) => each?.subject)).toEqual(['user-1', 'k1', 'k2']);
  });

  test('bad credentials are not made good by others', async () => {
    await start({ [EVERY]: allow.authenticated }, { authenticate: [apiKey, jwt] });
    expect(await call('unary', withKey('bad', token()))).toEqual({ ...invalid, challenge: [] });
    expect(await call('unary', withKey('k1', token({ exp: 1 })))).toEqual(OK);
  });

  test('callers without credentials learn of every kind', async () => {
    const basic = Object.assign(() => undefined, { challenge: 'Basic realm="shop"' });
    await start({ [EVERY]: allow.authenticated }, { authenticate: [jwt, basic, apiKey] });
    expect((await call('unary')).challenge.join(', ')).toBe('Bearer realm="grpc", Basic realm="shop"');
  });

  test('a StatusError that one throws is sent as it is', async () => {
    const busy: Authenticate = () => {
      throw new StatusError(status.RESOURCE_EXHAUSTED, 'directory is busy');
    };
    await start({ [EVERY]: allow.authenticated }, { authenticate: busy });
    expect(await call('unary')).toMatchObject({ code: status.RESOURCE_EXHAUSTED, details: 'directory is busy' });
  });

  test.each<[string, unknown]>([
    ['true', true],
    ['no subject', { scheme: 'x', roles: [], scopes: [], claims: {} }],
    ['an empty subject', identity('')],
    ['no roles', { ...identity('x'), roles: undefined }],
    ['scopes in one text', { ...identity('x'), scopes: 'read write' }],
  ])('one that answers %s lets nobody in', async (_, answer) => {
    await start({ [EVERY]: allow.authenticated }, { authenticate: () => answer as Identity });
    expect(await call('unary')).toMatchObject({ code: status.UNAUTHENTICATED });
  });
});

describe('onDecision', () => {
  test('is told of allow and deny, with who, what and why', async () => {
    await start({ [EVERY]: allow.role('admin') });
    await call('unary', token({ roles: ['admin'] }));
    await call('bidi', token());
    await call('unary');
    expect(decisions).toMatchObject([
      { allowed: true, code: status.OK, rule: 'role admin', identity: { subject: 'user-1' }, reason: undefined },
      {
        allowed: false,
        code: status.PERMISSION_DENIED,
        identity: { subject: 'user-1' },
        call: { method: { name: 'BidiEcho' } },
        reason: { message: 'not allowed by the rule: role admin' },
      },
      { allowed: false, code: status.UNAUTHENTICATED, identity: undefined },
    ]);
  });

  test('a call that messages decide counts once', async () => {
    await start({ [EVERY]: allow.request<EchoRequest>((_, { text }) => text !== 'no') });
    await call('bidi', token(), 'a', 'b', 'c');
    await call('bidi', token(), 'no');
    expect(decisions.map(({ allowed }) => allowed)).toEqual([true, false]);
  });

  test('that throws or rejects affects no call', async () => {
    const warnings = vi.spyOn(process, 'emitWarning').mockImplementation(() => {});
    for (const onDecision of [() => Promise.reject(new Error('disk is full')), () => JSON.parse('{') as void]) {
      await running?.close();
      await start({ [EVERY]: allow.role('admin') }, { onDecision: onDecision });
      expect(await call('unary', token({ roles: ['admin'] }))).toEqual(OK);
      expect(await call('unary', token())).toEqual(denied);
    }
    expect(warnings).toHaveBeenCalledWith(expect.stringContaining('disk is full'), expect.anything());
    warnings.mockRestore();
  });
});

test('outside a call nobody is known', () => {
  expect(currentIdentity()).toBeUndefined();
});

test.each<[string, object, RegExp]>([
  ['no authenticator', { authenticate: undefined }, /authenticate must be a function/],
  ['an empty list', { authenticate: [] }, /authenticate must be a function/],
  ['plain rules', { policy: { '*': allow.anyone } }, /policy must be made with definePolicy/],
  ['an audit that is no function', { onDecision: 'log' }, /onDecision must be a function/],
])('%s is refused at construction', (_, given, message) => {
  const options = { authenticate: jwt, policy: definePolicy({}), ...given } as AuthServerOptions;
  expect(() => authServerInterceptor(options)).toThrow(message);
});
