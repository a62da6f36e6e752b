import { Metadata, status, type Interceptor, type ServiceError } from '@grpc/grpc-js';
import { InterceptingCall } from '@grpc/grpc-js';
import { afterEach, describe, expect, expectTypeOf, test } from 'vitest';
import { defineClientInterceptor } from '../core/define.js';
import { errorDetail } from '../core/status/details.js';
import { StatusError, isStatusError, toStatusObject } from '../core/status/status-error.js';
import { EchoRequest, startTestServer, type TestServer } from '../testing/index.js';
import { failingCalls } from './fixtures/calls.js';
import { BusinessError, ValidationError, errorClientInterceptor, matchStatus } from './index.js';

const open: TestServer[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((each) => each.close()));
});

/** A server that refuses every call with this. */
async function refusing(error: unknown, clientInterceptors: readonly Interceptor[] = [errorClientInterceptor()]) {
  const refuse = () => {
    throw error;
  };
  const server = await startTestServer({
    record: false,
    handlers: { echo: refuse, clientEcho: refuse, serverEcho: refuse, bidiEcho: refuse },
    clientInterceptors,
  });
  open.push(server);
  return server;
}

describe.each(Object.entries(failingCalls))('%s', (_, call) => {
  test('an error of grpc-js is one of ours, too', async () => {
    const violations = [{ field: 'id', description: 'ID must be positive', reason: 'POSITIVE' }];
    const error: unknown = await call((await refusing(new ValidationError(violations))).rawClient);
    expect(error).toBeInstanceOf(Error);
    expect(error instanceof ValidationError && error.violations).toEqual(violations);
    expect(error instanceof StatusError).toBe(true);
    expect(error instanceof BusinessError).toBe(false);
    expect((error as Error).name).toBe('ValidationError');
  });

  test('stays what grpc-js made it', async () => {
    const error = await call((await refusing(new BusinessError('A_B', 'no', { domain: 'shop' }))).rawClient);
    expect(error.message).toBe('9 FAILED_PRECONDITION: business error [A_B]: no');
    expect(error.stack).toContain('for call at');
    expect(error.metadata).toBeInstanceOf(Metadata);
    expect(error).toMatchObject({
      code: 9,
      details: 'business error [A_B]: no',
      reason: 'A_B',
      domain: 'shop',
      errorDetails: [errorDetail.errorInfo({ reason: 'A_B', domain: 'shop' })],
    });
  });
});

describe('errors without details', () => {
  test('of a server', async () => {
    const error = await failingCalls.unary((await refusing(new StatusError(status.NOT_FOUND, 'x'))).rawClient);
    expect(isStatusError(error)).toBe(true);
    expect(error instanceof BusinessError).toBe(false);
    expect(error).toMatchObject({ code: 5, details: 'x', errorDetails: [], name: 'StatusError' });
  });

  test('of the client itself', async () => {
    const { rawClient } = await refusing(new Error('never'));
    rawClient.close();
    const error = await failingCalls.unary(rawClient);
    expect(error instanceof StatusError && error.code).toBe(status.UNAVAILABLE);
  });

  test('a code that gRPC does not know is UNKNOWN', async () => {
    const server = await startTestServer({
      record: false,
      implementation: {
        echo: (_: unknown, callback: (error: unknown) => void) => callback({ code: 404, details: 'odd' }),
      } as never,
      clientInterceptors: [errorClientInterceptor()],
    });
    open.push(server);
    expect(await failingCalls.unary(server.rawClient)).toMatchObject({ code: 2, details: 'odd', errorDetails: [] });
  });
});

describe('beside other interceptors', () => {
  const foreign: Interceptor = (options, nextCall) => new InterceptingCall(nextCall(options));

  test('its fields survive a foreign one further out', async () => {
    const { rawClient } = await refusing(new ValidationError('a', 'b'), [foreign, errorClientInterceptor()]);
    expect((await failingCalls.unary(rawClient)) instanceof ValidationError).toBe(true);
  });

  test('an error thrown by one further in arrives with its class', async () => {
    const refuse = defineClientInterceptor('refuse', () => () => ({
      admit: () => {
        throw new BusinessError('BREAKER_OPEN', 'no');
      },
    }));
    const { rawClient } = await refusing(new Error('never'), [errorClientInterceptor(), refuse]);
    const error: unknown = await failingCalls.unary(rawClient);
    expect(error instanceof BusinessError && error.reason).toBe('BREAKER_OPEN');
  });

  test('under promiseClient it changes nothing', async () => {
    const { client } = await refusing(new ValidationError('a', 'b'));
    const error: unknown = await client.echo(EchoRequest.create()).catch((thrown: unknown) => thrown);
    expect(error instanceof ValidationError && error.violations).toEqual([{ field: 'a', description: 'b' }]);
    expect(matchStatus(error, { INVALID_ARGUMENT: ({ details }) => details })).toBe("validation error in field 'a': b");
  });
});

test('what is sent on of such an error has none of its trailers', async () => {
  const metadata = new Metadata();
  metadata.set('x-downstream', 'secret');
  const sent = new StatusError(status.NOT_FOUND, 'x', { metadata });
  const error = await failingCalls.unary((await refusing(sent)).rawClient);
  expect(error.metadata.get('x-downstream')).toEqual(['secret']);
  expect(toStatusObject(StatusError.from(error)).metadata.getMap()).toEqual({});
});

test('a successful call is untouched', async () => {
  const server = await startTestServer({ record: false, clientInterceptors: [errorClientInterceptor()] });
  open.push(server);
  expect((await server.client.echo(EchoRequest.create({ text: 'hi' }))).text).toBe('hi');
});

test('narrows by type', () => {
  const narrowed = (error: ServiceError) => (error instanceof ValidationError ? error : undefined);
  expectTypeOf(narrowed).returns.toEqualTypeOf<ValidationError | undefined>();
});
