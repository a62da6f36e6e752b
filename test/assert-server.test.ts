import type { Interceptor, ServerInterceptor, ServiceDefinition } from '@grpc/grpc-js';
import {
  assertServer,
  composeServerInterceptors,
  defineServerInterceptor,
  describeClient,
  describeServer,
  errorClientInterceptor,
  errorServerInterceptor,
  exceptMethods,
  forMethods,
} from 'grpc-js-middleware';
import { allow, authServerInterceptor, definePolicy, healthAndReflection } from 'grpc-js-middleware/auth';
import { loggingServerInterceptor } from 'grpc-js-middleware/logging';
import { concurrencyLimitServerInterceptor } from 'grpc-js-middleware/overload';
import {
  idempotencyClientInterceptor,
  idempotencyServerInterceptor,
  retryClientInterceptor,
} from 'grpc-js-middleware/retry';
import { injectFaults } from 'grpc-js-middleware/testing';
import { validationServerInterceptor } from 'grpc-js-middleware/validation';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';

/** As proto-loader and ts-proto make definitions, as far as is read here. */
const methodsOf = (service: string, ...names: string[]): ServiceDefinition =>
  Object.fromEntries(
    names.map((name) => [name, { path: `/${service}/${name}`, requestStream: false, responseStream: false }]),
  ) as unknown as ServiceDefinition;
const books = methodsOf('library.v1.Books', 'GetBook', 'AddBook');
const loans = methodsOf('library.v1.Loans', 'Lend', 'Return');
const health = methodsOf('grpc.health.v1.Health', 'Check');
const served = [books, loans];

const passes = defineServerInterceptor('passes', () => () => undefined);
const logging = loggingServerInterceptor({ logger: { debug() {}, info() {}, warn() {}, error() {} } });
const errors = errorServerInterceptor();
const authWith = (...patterns: string[]): ServerInterceptor =>
  authServerInterceptor({
    authenticate: () => undefined,
    policy: definePolicy({
      ...Object.fromEntries(patterns.map((pattern) => [pattern, allow.authenticated])),
      ...healthAndReflection,
    }),
  });
const auth = authWith('library.v1.Books/*', 'library.v1.Loans/*');

let warnings: string[];
beforeEach(() => {
  warnings = [];
  vi.spyOn(process, 'emitWarning').mockImplementation((text) => void warnings.push(String(text)));
});
afterEach(() => vi.restoreAllMocks());

/** Each way to name methods, from the names to an interceptor. */
const ways: Record<string, (name: string) => ServerInterceptor & { assertCovers?(...all: ServiceDefinition[]): void }> =
  {
    'validationServerInterceptor: rules': (name) => validationServerInterceptor({ rules: { [name]: () => [] } }),
    'validationServerInterceptor: validateResponses': (name) =>
      validationServerInterceptor({ validateResponses: { [name]: () => [] } }),
    forMethods: (name) => forMethods(name, passes),
    exceptMethods: (name) => exceptMethods([name], passes),
    'idempotencyServerInterceptor: methods': (name) => idempotencyServerInterceptor({ methods: ['*', name] }),
    'injectFaults: methods': (name) => injectFaults({ methods: name, delayMs: 1 }),
  };

/** Each way to misspell one, and what was meant. */
const misspelt: [string, string | undefined][] = [
  ['library.v1.Books/getBook', 'library.v1.Books/GetBook'],
  ['/library.v1.Books/getBook', 'library.v1.Books/GetBook'],
  ['library.v1.Books/GetBok', 'library.v1.Books/GetBook'],
  ['libary.v1.Books/*', 'library.v1.Books/*'],
  ['library.v1.books/*', 'library.v1.Books/*'],
  ['library.v2.Loans/Lend', 'library.v1.Loans/Lend'],
  ['shop.Orders/Create', undefined],
];

describe.each(Object.keys(ways))('a name in %s that matches no method', (place) => {
  test.each(misspelt)(
    "'%s' is an error of assertServer and of assertCovers, and a warning of describeServer",
    (name, meant) => {
      const interceptor = ways[place]!(name);
      const shown = `'${name.replace(/^\//, '')}'`;
      const text = `${place}: ${shown} matches no method${meant === undefined ? '' : `; did you mean '${meant}'?`}`;
      expect(() => assertServer(served, [interceptor])).toThrow(text);
      expect(() => interceptor.assertCovers!(...served)).toThrow(text);
      expect(describeServer([interceptor], served)).toContain(`warning: ${text}`);
      expect(() => assertServer(served, [composeServerInterceptors(passes, forMethods(/./, interceptor))])).toThrow(
        text,
      );
    },
  );

  test('a right one is neither', () => {
    const interceptor = ways[place]!('library.v1.Books/GetBook');
    expect(() => assertServer(served, [errors, interceptor])).not.toThrow();
    expect(() => interceptor.assertCovers!(...served)).not.toThrow();
    expect(describeServer([errors, interceptor], served)).not.toContain('warning');
  });
});

test('a RegExp that matches nothing is found, too; a function is never asked', () => {
  expect(() => assertServer(served, [forMethods(/Orders/, passes)])).toThrow('forMethods: /Orders/ matches no method');
  expect(() => assertServer(served, [forMethods(() => false, passes)])).not.toThrow();
});

test('health and reflection may be named where they are not served', () => {
  const interceptors = [
    exceptMethods(['grpc.health.v1.Health/*', 'grpc.reflection.v1.ServerReflection/*'], logging),
    auth,
  ];
  expect(() => assertServer(served, interceptors)).not.toThrow();
  expect(() => assertServer([...served, health], interceptors)).not.toThrow();
});

test('a rule inside a selection that leaves its method out is found', () => {
  const rules = validationServerInterceptor({ rules: { 'library.v1.Loans/Lend': () => [] } });
  expect(() => assertServer(served, [forMethods('library.v1.Books/*', rules)])).toThrow(
    "validationServerInterceptor: rules: 'library.v1.Loans/Lend' matches no method that gets there",
  );
});

test('a policy is checked both ways: rules without a method, and methods without a rule', () => {
  const forgetful = authWith('library.v1.Books/getBook', 'library.v1.Loans/*');
  expect(() => assertServer(served, [forgetful])).toThrow(
    "definePolicy: rules: 'library.v1.Books/getBook' matches no method; did you mean 'library.v1.Books/GetBook'?",
  );
  expect(() => assertServer(served, [forgetful])).toThrow(
    'no rule in the policy: every call is refused (library.v1.Books/GetBook, library.v1.Books/AddBook)',
  );
});

test('all that is wrong comes at once, a line each', () => {
  const wrong = [
    retryClientInterceptor() as unknown as ServerInterceptor,
    errorServerInterceptor as unknown as ServerInterceptor,
    validationServerInterceptor({ rules: { 'library.v1.Books/getBook': () => [] } }),
    forMethods('library.v1.Books/*', auth),
    logging,
    logging,
  ];
  let message = '';
  try {
    assertServer(served, wrong);
  } catch (error) {
    message = (error as Error).message;
  }
  expect(message.split('\n  ')).toEqual([
    'assertServer:',
    "interceptor 1 must be a server interceptor, got the client interceptor 'retry'",
    'interceptor 2 must be a server interceptor, got the function errorServerInterceptor, which makes one: call it',
    "validationServerInterceptor: rules: 'library.v1.Books/getBook' matches no method; did you mean 'library.v1.Books/GetBook'?",
    "definePolicy: rules: 'library.v1.Loans/*' matches no method that gets there",
    expect.stringContaining('logging is listed after auth and does not see the calls that it rejects') as string,
    'logging is listed twice',
    'not covered by auth, unlike the other methods: anyone may call it (library.v1.Loans/Lend, library.v1.Loans/Return)',
  ]);
});

test('a good server passes, with definitions and without', () => {
  const good = [logging, errors, auth, concurrencyLimitServerInterceptor({ max: 5 })];
  expect(() => assertServer([...served, health], good)).not.toThrow();
  expect(() => assertServer([], good)).not.toThrow();
  expect(() => assertServer([], [auth, logging])).toThrow('logging is listed after auth');
});

describe('describeClient', () => {
  test('shows names that match no method, and interceptors of a server', () => {
    const key = idempotencyClientInterceptor({ methods: 'library.v1.Loans/lend' });
    const text = describeClient([key, errors as unknown as Interceptor], {}, served);
    expect(text).toContain(
      "warning: idempotencyClientInterceptor: methods: 'library.v1.Loans/lend' matches no method; did you mean 'library.v1.Loans/Lend'?",
    );
    expect(text).toContain("warning: interceptor 2 must be a client interceptor, got the server interceptor 'errors'");
    expect(() => key.assertCovers(loans)).toThrow("did you mean 'library.v1.Loans/Lend'?");
  });

  test('says nothing of one that is right', () => {
    const right = forMethods('library.v1.Loans/*', errorClientInterceptor());
    expect(describeClient([right], {}, served)).not.toMatch(/matches no|must be/);
  });
});
