import type { Interceptor, ServerInterceptor } from '@grpc/grpc-js';
import {
  composeServerInterceptors,
  describeClient,
  describeServer,
  errorServerInterceptor,
  exceptMethods,
  forMethods,
} from 'grpc-js-middleware';
import { allow, authServerInterceptor, definePolicy } from 'grpc-js-middleware/auth';
import { deadlineClientInterceptor, deadlineServerInterceptor } from 'grpc-js-middleware/deadlines';
import { loggingServerInterceptor } from 'grpc-js-middleware/logging';
import { retryClientInterceptor } from 'grpc-js-middleware/retry';
import { expect, test } from 'vitest';
import { EchoServiceService } from '../src/gen/grpc_js_middleware/testing/v1/echo.js';

const logging = loggingServerInterceptor({ logger: { debug() {}, info() {}, warn() {}, error() {} } });
const auth = authServerInterceptor({
  authenticate: () => undefined,
  policy: definePolicy({ 'grpc_js_middleware.testing.v1.EchoService/Echo': allow.role('admin') }),
});
const foreign: ServerInterceptor = (_descriptor, call) => call as never;

test('describeServer shows each method its chain, and warns of known mistakes', () => {
  const text = describeServer(
    [
      composeServerInterceptors(auth, exceptMethods(/Bidi/, logging)),
      forMethods(/\/Echo$/, deadlineServerInterceptor({ maxMs: 500 })),
      foreign,
    ],
    [EchoServiceService],
  );
  expect(text).toMatchInlineSnapshot(`
    "grpc_js_middleware.testing.v1.EchoService/Echo (unary)
      auth: role admin
      logging
      deadlines: default 500 ms, at most 500 ms
      foreign
    grpc_js_middleware.testing.v1.EchoService/ServerEcho (server_stream)
      auth: no rule: closed to everybody
      logging
      foreign
    grpc_js_middleware.testing.v1.EchoService/ClientEcho (client_stream)
      auth: no rule: closed to everybody
      logging
      foreign
    grpc_js_middleware.testing.v1.EchoService/BidiEcho (bidi_stream)
      auth: no rule: closed to everybody
      foreign
    warning: logging stands behind auth and does not see what that refuses
    warning: no errorServerInterceptor: unknown errors become UNKNOWN
    warning: grpc_js_middleware.testing.v1.EchoService/ServerEcho has no rule: every call is refused
    warning: grpc_js_middleware.testing.v1.EchoService/ClientEcho has no rule: every call is refused
    warning: grpc_js_middleware.testing.v1.EchoService/BidiEcho has no rule: every call is refused"
  `);
});

test('a good server gets no warning', () => {
  const text = describeServer([logging, errorServerInterceptor()], [EchoServiceService]);
  expect(text).not.toContain('warning');
});

test('describeClient shows the chain, and warns when both retry', () => {
  const own: Interceptor[] = [
    deadlineClientInterceptor({ defaultMs: 100 }),
    retryClientInterceptor({ maxAttempts: 3 }),
  ];
  const retryPolicy = { maxAttempts: 2 };
  const config = { 'grpc.service_config': JSON.stringify({ methodConfig: [{ name: [{}], retryPolicy }] }) };
  expect(describeClient(own)).toMatchInlineSnapshot(`
    "every call
      deadlines: default 100 ms, the current server call's less 0 ms
      retry: up to 3 attempts on UNAVAILABLE"
  `);
  expect(describeClient(own, config)).toContain('warning: grpc-js retries too');
  expect(describeClient(own, { ...config, 'grpc.enable_retries': 0 })).not.toContain('warning');
});

test('what is no interceptor is refused', () => {
  expect(() => describeServer([7 as never], [])).toThrow('describeServer: interceptor 1 must be a function, got 7');
});
