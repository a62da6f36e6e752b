// A real server and its clients on whichever runtime runs this: plain JavaScript, each check a claim. Prints what does not hold.
import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { Metadata, status } from '@grpc/grpc-js';
import {
  BusinessError,
  StatusError,
  assertServer,
  currentCall,
  errorServerInterceptor,
  implement,
  promiseClient,
} from 'grpc-js-middleware';
import { allow, authServerInterceptor, definePolicy, jwtAuthenticator } from 'grpc-js-middleware/auth';
import { deadlineServerInterceptor } from 'grpc-js-middleware/deadlines';
import { HealthService, checkHealth } from 'grpc-js-middleware/health';
import { shutdownGracefully, trackCalls } from 'grpc-js-middleware/lifecycle';
import { loggingServerInterceptor } from 'grpc-js-middleware/logging';
import { rateLimitServerInterceptor } from 'grpc-js-middleware/overload';
import { registerStaticResolver, roundRobin } from 'grpc-js-middleware/resolver';
import { retryClientInterceptor } from 'grpc-js-middleware/retry';
import {
  EchoRequest,
  EchoServiceClient,
  EchoServiceService,
  collect,
  startTestServer,
} from 'grpc-js-middleware/testing';
import { validationServerInterceptor } from 'grpc-js-middleware/validation';
import { credentials } from '@grpc/grpc-js';

const SERVICE = 'grpc_js_middleware.testing.v1.EchoService';
const SECRET = 'correct-horse-battery-staple-ok!';
const request = (fields = {}) => EchoRequest.create({ text: 'a', ...fields });

const base64 = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
function token(claims) {
  const head = `${base64({ alg: 'HS256' })}.${base64({ iss: 'https://i', aud: 'a', sub: 'ann', exp: Date.now() / 1000 + 60, ...claims })}`;
  return `${head}.${createHmac('sha256', SECRET).update(head).digest('base64url')}`;
}

/** With a server for the time of one check. */
async function served(options, check) {
  const server = await startTestServer(options);
  try {
    return await check(server);
  } finally {
    await server.close();
  }
}

const codeOf = async (promise) => {
  try {
    await promise;
    return 'OK';
  } catch (error) {
    return error instanceof StatusError ? status[error.code] : String(error);
  }
};

const checks = {
  'a unary call': () => served({}, async ({ client }) => assert.equal((await client.echo(request())).text, 'a')),
  'a server stream': () =>
    served({}, async ({ client }) =>
      assert.equal((await collect(client.serverEcho(request({ count: 100 })))).length, 100),
    ),
  'a client stream': () =>
    served({}, async ({ client }) => assert.equal((await client.clientEcho([request(), request()])).count, 2)),
  'a stream both ways': () =>
    served({}, async ({ client }) => assert.equal((await collect(client.bidiEcho([request(), request()]))).length, 2)),
  'a large message': () =>
    served({}, async ({ client }) =>
      assert.equal((await client.echo(request({ responseBytes: 1_000_000 }))).payload.length, 1_000_000),
    ),
  'an error of the business arrives as it was thrown': () =>
    served(
      {
        interceptors: [errorServerInterceptor()],
        handlers: { echo: () => Promise.reject(new BusinessError('GONE', 'no')) },
      },
      ({ client }) =>
        assert.rejects(client.echo(request()), (error) => error instanceof BusinessError && error.reason === 'GONE'),
    ),
  'an unknown error does not leak': () =>
    served(
      { interceptors: [errorServerInterceptor()], handlers: { echo: () => Promise.reject(new Error('secret')) } },
      ({ client }) => assert.rejects(client.echo(request()), { code: status.INTERNAL, details: 'Internal error' }),
    ),
  'a deadline passes': () =>
    served({ interceptors: [deadlineServerInterceptor({ maxMs: 50 })] }, async ({ client }) =>
      assert.equal(await codeOf(client.echo(request({ delayMs: 60_000 }))), 'DEADLINE_EXCEEDED'),
    ),
  'a signal cancels': () =>
    served({}, async ({ client }) => {
      const controller = new AbortController();
      const call = client.echo(request({ delayMs: 60_000 }), { signal: controller.signal });
      controller.abort();
      assert.equal(await codeOf(call), 'CANCELLED');
    }),
  'the context of a call is found across awaits': () =>
    served(
      {
        handlers: {
          async echo() {
            await new Promise((done) => setTimeout(done, 1));
            return { text: currentCall().method.name, count: 1, payload: Buffer.alloc(0) };
          },
        },
        interceptors: [errorServerInterceptor()],
      },
      async ({ client }) => assert.equal((await client.echo(request())).text, 'Echo'),
    ),
  'a token is verified': () =>
    served(
      {
        interceptors: [
          authServerInterceptor({
            authenticate: jwtAuthenticator({
              issuer: 'https://i',
              audience: 'a',
              algorithms: ['HS256'],
              keys: { secret: SECRET },
            }),
            policy: definePolicy({ [`${SERVICE}/*`]: allow.authenticated }),
          }),
        ],
      },
      async ({ client }) => {
        const call = (value) => {
          const metadata = new Metadata();
          metadata.set('authorization', `Bearer ${value}`);
          return codeOf(client.echo(request(), { metadata }));
        };
        assert.equal(await call(token({})), 'OK');
        assert.equal(await call(token({ aud: 'b' })), 'UNAUTHENTICATED');
      },
    ),
  'a message is checked': () =>
    served(
      {
        interceptors: [
          validationServerInterceptor({ rules: { [`${SERVICE}/Echo`]: () => [{ field: 'text', description: 'no' }] } }),
        ],
      },
      async ({ client }) => assert.equal(await codeOf(client.echo(request())), 'INVALID_ARGUMENT'),
    ),
  'a limit holds': () =>
    served({ interceptors: [rateLimitServerInterceptor({ ratePerSecond: 0.001, burst: 1 })] }, async ({ client }) => {
      assert.equal(await codeOf(client.echo(request())), 'OK');
      assert.equal(await codeOf(client.echo(request())), 'RESOURCE_EXHAUSTED');
    }),
  'a call is retried': () => {
    let attempts = 0;
    const echo = async () => {
      if (++attempts === 1) throw new StatusError(status.UNAVAILABLE, 'once');
      return { text: 'a', count: attempts, payload: Buffer.alloc(0) };
    };
    const clientInterceptors = [retryClientInterceptor({ maxAttempts: 3, initialBackoffMs: 1, maxBackoffMs: 1 })];
    return served({ handlers: { echo }, clientInterceptors }, async ({ client }) =>
      assert.equal((await client.echo(request())).count, 2),
    );
  },
  'calls are spread over backends': () =>
    served({}, (one) =>
      served({}, async (two) => {
        registerStaticResolver('smoke', { echo: [one.address, two.address] });
        const client = new EchoServiceClient('smoke:///echo', credentials.createInsecure(), roundRobin());
        for (let i = 0; i < 20; i++) await promiseClient(client).echo(request());
        client.close();
        assert.ok(one.events.list({ side: 'server', hook: 'onEnd' }).length > 0);
        assert.ok(two.events.list({ side: 'server', hook: 'onEnd' }).length > 0);
      }),
    ),
  'a server drains, and says that it does': () => {
    const calls = trackCalls();
    const health = new HealthService();
    return served(
      { interceptors: [calls], addServices: (server) => health.addTo(server) },
      async ({ client, server, address, events }) => {
        assert.equal(await checkHealth(address), 'SERVING');
        await client.echo(request());
        const running = client.echo(request({ delayMs: 50 }));
        await events.until({ side: 'server', hook: 'onRequest', method: 'Echo' }, { nth: 2 });
        await shutdownGracefully(server, { calls, health, drainDelayMs: 0, timeoutMs: 10_000 });
        assert.equal((await running).text, 'a');
      },
    );
  },
  'a line is written for each call, with its code': async () => {
    const lines = [];
    const note = (fields) => lines.push(fields['grpc.code']);
    const logger = { debug: note, info: note, warn: note, error: note };
    await served({ interceptors: [loggingServerInterceptor({ logger })] }, async ({ client, events }) => {
      await client.echo(request());
      await codeOf(client.echo(request({ errorCode: 5 })));
      await events.until({ side: 'server', hook: 'onEnd' }, { nth: 2 });
    });
    assert.deepEqual(lines, ['OK', 'NotFound']);
  },
  'a misspelt method is found': () =>
    assert.throws(
      () =>
        assertServer([EchoServiceService], [validationServerInterceptor({ rules: { [`${SERVICE}/echo`]: () => [] } })]),
      /did you mean/,
    ),
  'a service is implemented': () => assert.throws(() => implement(EchoServiceService, {}), /no handler for/),
};

let held = 0;
for (const [claim, check] of Object.entries(checks)) {
  try {
    await check();
    held++;
  } catch (error) {
    console.log(`does not hold: ${claim}: ${error?.stack ?? error}`);
  }
}
console.log(`runtime: ${held} of ${Object.keys(checks).length} hold`);
process.exit(held === Object.keys(checks).length ? 0 : 1);
