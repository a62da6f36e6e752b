import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, expectTypeOf, test } from 'vitest';
import { findDetail } from '../core/status/find-detail.js';
import { StatusError } from '../core/status/status-error.js';
import { EchoRequest, startTestServer, type TestServer } from '../testing/index.js';
import { BusinessError, defineErrors, type ErrorTemplates } from './index.js';

const errors = defineErrors('shop.example', {
  PRODUCT_NOT_FOUND: { code: status.NOT_FOUND, message: (p: { id: number }) => `Product ${p.id} not found` },
  OUT_OF_STOCK: {
    code: status.FAILED_PRECONDITION,
    message: ({ sku, left, reserved, total }: { sku: string; left: number; reserved: boolean; total?: bigint }) =>
      `${sku}: ${left} left${reserved ? ', reserved' : ''}${total ?? ''}`,
  },
  SHOP_CLOSED: { code: status.UNAVAILABLE, message: 'The shop is closed' },
  LATE: { code: status.ABORTED, message: () => 'Too late' },
});

/** What is thrown on the server, as the client has it. */
let thrown: StatusError;
let server: TestServer;
beforeAll(async () => {
  server = await startTestServer({ record: false, handlers: { echo: () => Promise.reject(thrown) } });
});
afterAll(() => server.close());
const overTheWire = async (error: StatusError): Promise<unknown> => {
  thrown = error;
  return server.client.echo(EchoRequest.create()).catch((received: unknown) => received);
};

describe('a catalogue on the server', () => {
  test('makes business errors', () => {
    const error = errors.PRODUCT_NOT_FOUND({ id: 7 });
    expect(error).toBeInstanceOf(BusinessError);
    expect(error).toMatchObject({ code: status.NOT_FOUND, reason: 'PRODUCT_NOT_FOUND', domain: 'shop.example' });
    expect(error.details).toBe('business error [PRODUCT_NOT_FOUND]: Product 7 not found');
    expect(findDetail(error, 'errorInfo')?.metadata).toEqual({ id: '7' });
    expect(errors.SHOP_CLOSED().details).toBe('business error [SHOP_CLOSED]: The shop is closed');
  });

  test('takes a cause and further details', () => {
    const retry = { type: 'retryInfo', retryDelayMs: 5 } as const;
    const error = errors.SHOP_CLOSED(undefined, { cause: 'night', errorDetails: [retry] });
    expect(error.cause).toBe('night');
    expect(findDetail(error, 'retryInfo')).toEqual(retry);
  });

  test('never throws where an error is being made', () => {
    const error = (errors.PRODUCT_NOT_FOUND as (parameters?: unknown) => BusinessError)(null);
    expect(error.reason).toBe('PRODUCT_NOT_FOUND');
  });
});

describe('a catalogue on the client', () => {
  test('gives parameters back with their types', async () => {
    const received = await overTheWire(errors.OUT_OF_STOCK({ sku: '42', left: 3, reserved: true, total: 9n }));
    const found = errors.match(received, { OUT_OF_STOCK: (parameters) => parameters });
    expect(found).toEqual({ sku: '42', left: 3, reserved: true, total: 9n });
  });

  test('runs the handler for the reason, with the error', async () => {
    const received = await overTheWire(errors.PRODUCT_NOT_FOUND({ id: 7 }));
    const result = errors.match(received, {
      PRODUCT_NOT_FOUND: ({ id }, error) => [id + 1, error.code],
      SHOP_CLOSED: () => 'closed',
    });
    expect(result).toEqual([8, status.NOT_FOUND]);
  });

  test('runs the default for others, or throws them on', async () => {
    const received = await overTheWire(new StatusError(status.ABORTED, 'x'));
    expect(errors.match(received, { SHOP_CLOSED: () => 1, default: ({ code }) => code })).toBe(status.ABORTED);
    expect(() => errors.match(received, { SHOP_CLOSED: () => 1 })).toThrow(thrown.message);
    const foreign = new TypeError('x');
    expect(() => errors.match(foreign, {})).toThrow(foreign);
    expect(errors.match(foreign, { default: ({ cause }) => cause })).toBe(foreign);
  });

  test('leaves the same reason of another domain alone', async () => {
    const others = defineErrors('other.example', { SHOP_CLOSED: { code: status.UNAVAILABLE, message: 'x' } });
    const received = await overTheWire(others.SHOP_CLOSED());
    expect(errors.match(received, { SHOP_CLOSED: () => 'ours', default: () => 'not ours' })).toBe('not ours');
  });

  test('a reason from outside is no way to other properties', () => {
    for (const reason of ['__proto__', 'constructor', 'match', 'default', 'toString']) {
      const error = new BusinessError(reason, 'x', { domain: 'shop.example' });
      expect(errors.match(error, { default: () => 'default' })).toBe('default');
    }
  });
});

describe('its types', () => {
  test('follow the templates', () => {
    expectTypeOf(errors.PRODUCT_NOT_FOUND).parameter(0).toEqualTypeOf<{ id: number }>();
    expectTypeOf(errors.SHOP_CLOSED).parameter(0).toEqualTypeOf<undefined>();
    expectTypeOf(errors.LATE).parameter(0).toEqualTypeOf<undefined>();
    expectTypeOf(errors.SHOP_CLOSED).returns.toEqualTypeOf<BusinessError>();
    const match = (error: unknown) =>
      errors.match(error, {
        OUT_OF_STOCK: ({ sku, left, total }) => {
          expectTypeOf(sku).toEqualTypeOf<string>();
          expectTypeOf(left).toEqualTypeOf<number>();
          expectTypeOf(total).toEqualTypeOf<bigint | undefined>();
          return left;
        },
        default: (other) => other.details,
      });
    expectTypeOf(match).returns.toEqualTypeOf<number | string>();
  });

  test('refuse what is wrong', () => {
    const never = (): void => {
      // @ts-expect-error a parameter is missing
      errors.PRODUCT_NOT_FOUND({});
      // @ts-expect-error no such error
      void errors.PRODUCT_LOST;
      // @ts-expect-error no such reason
      errors.match(null, { PRODUCT_LOST: () => 1 });
      // @ts-expect-error a date is no parameter
      defineErrors('x', { AAA: { code: status.ABORTED, message: (p: { at: Date }) => p.at.toISOString() } });
    };
    expect(never).toBeTypeOf('function');
  });
});

describe('a wrong catalogue', () => {
  test.each([
    ['', {}, /domain must be a non-empty string/],
    ['x', { lower: { code: 5, message: 'x' } }, /reason must be UPPER_SNAKE_CASE of 3 to 63 characters, got 'lower'/],
    ['x', { ['A'.repeat(64)]: { code: 5, message: 'x' } }, /UPPER_SNAKE_CASE/],
    ['x', { AAA: { code: 0, message: 'x' } }, /AAA\.code must be a status code other than OK/],
    ['x', { AAA: { code: 404, message: 'x' } }, /AAA\.code/],
    ['x', { AAA: { code: 5 } }, /AAA\.message must be a string or a function/],
    ['x', { AAA: null }, /AAA\.code/],
  ])('is refused: %s %j', (domain, templates, message) => {
    expect(() => defineErrors(domain, templates as unknown as ErrorTemplates)).toThrow(message);
  });
});
