import {
  Server,
  ServerCredentials,
  credentials,
  status,
  type Interceptor,
  type ServerInterceptor,
} from '@grpc/grpc-js';
import * as root from 'grpc-js-middleware';
import * as auth from 'grpc-js-middleware/auth';
import * as deadlines from 'grpc-js-middleware/deadlines';
import * as errors from 'grpc-js-middleware/errors';
import * as lifecycle from 'grpc-js-middleware/lifecycle';
import * as logging from 'grpc-js-middleware/logging';
import * as metrics from 'grpc-js-middleware/metrics';
import * as overload from 'grpc-js-middleware/overload';
import * as retry from 'grpc-js-middleware/retry';
import * as testing from 'grpc-js-middleware/testing';
import * as tracing from 'grpc-js-middleware/tracing';
import * as validation from 'grpc-js-middleware/validation';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { echoCall, kinds } from './support/echo-call.js';

// What JavaScript lets through: interceptors on the wrong side, and functions that make one listed as one. Each call fails with
// a sentence, and the process lives on. The servers are grpc-js's own: `startTestServer` would notice sooner.

const { EchoServiceClient, EchoServiceService } = testing;
const answer = testing.EchoResponse.create();
const handlers = root.implement(EchoServiceService, {
  echo: () => answer,
  clientEcho: () => answer,
  async *serverEcho() {
    yield answer;
  },
  async *bidiEcho() {
    yield answer;
  },
});

let server: Server;
let client: testing.EchoServiceClient;
let warnings: string[];
beforeEach(() => {
  warnings = [];
  vi.spyOn(process, 'emitWarning').mockImplementation((text) => void warnings.push(String(text)));
});
afterEach(() => {
  client.close();
  server.forceShutdown();
  vi.restoreAllMocks();
});

async function serve(onServer: unknown[], onClient: unknown[] = []): Promise<void> {
  server = new Server({ interceptors: onServer as ServerInterceptor[] });
  server.addService(EchoServiceService, handlers);
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error ? reject(error) : resolve(bound),
    ),
  );
  client = new EchoServiceClient(`127.0.0.1:${port}`, credentials.createInsecure(), {
    interceptors: onClient as Interceptor[],
  });
}

const clientOnes: Record<string, Interceptor> = {
  errors: root.errorClientInterceptor(),
  deadlines: deadlines.deadlineClientInterceptor(),
  retry: retry.retryClientInterceptor({ maxAttempts: 2 }),
  hedging: retry.hedgingClientInterceptor({ maxAttempts: 2 }),
  selected: root.forMethods(
    '*',
    root.defineClientInterceptor('selected', () => () => undefined),
  ),
  composed: root.composeClientInterceptors(root.errorClientInterceptor()),
  auth: auth.authClientInterceptor({ token: 'x' }),
};
const serverOnes: Record<string, ServerInterceptor> = {
  errors: root.errorServerInterceptor(),
  limit: overload.concurrencyLimitServerInterceptor({ max: 1 }),
  validation: validation.validationServerInterceptor({ rules: { '*': () => [] } }),
  tracked: lifecycle.trackCalls(),
  selected: root.forMethods(
    '*',
    root.defineServerInterceptor('selected', () => () => undefined),
  ),
  composed: root.composeServerInterceptors(root.errorServerInterceptor()),
};

describe.each(kinds)('a %s call', (kind) => {
  test.each(Object.keys(clientOnes))(
    'fails with a sentence where the client interceptor %s is listed on a server',
    async (name) => {
      await serve([root.errorServerInterceptor(), clientOnes[name]]);
      const { code, details } = await echoCall(client, kind).seen;
      expect([status[code], details]).toEqual([
        'INTERNAL',
        expect.stringMatching(/is for clients and is listed on a server$/),
      ]);
    },
  );

  test.each(Object.keys(serverOnes))(
    'fails with a sentence where the server interceptor %s is listed on a client',
    async (name) => {
      await serve([], [serverOnes[name]]);
      const { code, details } = await echoCall(client, kind).seen;
      expect([status[code], details]).toEqual([
        'INTERNAL',
        expect.stringMatching(/is for servers and is listed on a client$/),
      ]);
    },
  );

  const makers: Record<string, unknown> = Object.fromEntries(
    [root, auth, deadlines, errors, lifecycle, logging, metrics, overload, retry, testing, tracing, validation]
      .flatMap((path) => Object.entries(path))
      .filter(([name]) => /^(?!define)\w+(Server|Client)Interceptor$|^injectFaults$|^trackCalls$/.test(name)),
  );
  test.each(Object.keys(makers))('fails with a sentence where %s itself is listed', async (name) => {
    const text = `${name} is listed as an interceptor and makes one: list ${name}(…)`;
    await serve(name.includes('Client') ? [] : [makers[name]], name.includes('Client') ? [makers[name]] : []);
    const { code, details } = await echoCall(client, kind).seen;
    expect([status[code], details]).toEqual(['INTERNAL', text]);
    expect(warnings.filter((warning) => warning.includes('is listed as')).length).toBeLessThanOrEqual(1);
  });
});

test('the operator of the process is told once, whichever end was to blame', async () => {
  const misplaced = root.defineClientInterceptor('told once', () => () => undefined);
  await serve([misplaced]);
  for (const kind of kinds) await echoCall(client, kind).seen;
  expect(warnings).toEqual(["Interceptor 'told once' is for clients and is listed on a server. Its calls fail"]);
});

test('a promise client refuses a client with an interceptor of a server when it is made', async () => {
  await serve([], [root.errorServerInterceptor()]);
  expect(() => root.promiseClient(client)).toThrow(
    "promiseClient: client must have client interceptors only, got the server interceptor 'errors'",
  );
});
