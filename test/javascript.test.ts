import { Metadata, status } from '@grpc/grpc-js';
import { BusinessError, StatusError, ValidationError } from 'grpc-js-middleware';
import { authClientInterceptor } from 'grpc-js-middleware/auth';
import { EchoRequest, startTestServer, type TestServer } from 'grpc-js-middleware/testing';
import { validationServerInterceptor } from 'grpc-js-middleware/validation';
import { object, string } from 'valibot';
import { heldToken } from '../src/auth/token-source.js';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { z } from 'zod';

// What TypeScript would not compile, and JavaScript runs.

let warnings: string[];
beforeEach(() => {
  warnings = [];
  vi.spyOn(process, 'emitWarning').mockImplementation((text) => void warnings.push(String(text)));
});
afterEach(() => vi.restoreAllMocks());

describe('a call of promiseClient', () => {
  let server: TestServer;
  let seen: Metadata | undefined;
  beforeAll(async () => {
    server = await startTestServer({
      record: false,
      handlers: {
        echo: (request, call) => ((seen = call.metadata), { text: request.text, count: 1, payload: Buffer.alloc(0) }),
      },
    });
  });
  afterAll(() => server.close());

  const request = EchoRequest.create();
  const metadata = new Metadata();
  metadata.set('x-tenant', 'acme');
  type Method = (...args: unknown[]) => Promise<unknown>;
  const methods = ['echo', 'serverEcho', 'clientEcho', 'bidiEcho'] as const;
  const call = async (method: (typeof methods)[number], ...rest: unknown[]): Promise<unknown> =>
    (server.client[method] as unknown as Method)(/client|bidi/.test(method) ? [request] : request, ...rest);
  const hint = /a method takes the request and \{ metadata, deadline, … \}, and returns a promise or an iterable$/;

  test.each(methods)('%s refuses the order of grpc-js: metadata, options, callback', async (method) => {
    await expect(call(method, metadata)).rejects.toThrow('promiseClient: options must be an object, got Metadata: ');
    await expect(call(method, metadata, {}, () => undefined)).rejects.toThrow(hint);
    await expect(call(method, {}, () => undefined)).rejects.toThrow(
      'promiseClient: options must be the last argument, got an object, and a function after it: ',
    );
    await expect(call(method, () => undefined)).rejects.toThrow(
      'promiseClient: options must be an object, got a function: ',
    );
    await expect(call(method, 5)).rejects.toThrow('promiseClient: options must be an object, got 5');
    await expect(call(method, null)).rejects.toThrow('promiseClient: options must be an object, got null');
  });

  test('an option that is not known warns once, with the nearest right name, and metadata arrives', async () => {
    await call('echo', { timeout: 5, metadata });
    await call('echo', { timeout: 5, metadata });
    expect(seen?.get('x-tenant')).toEqual(['acme']);
    expect(warnings).toEqual(["promiseClient: unknown option 'timeout'; did you mean 'timeoutMs'?"]);
  });
});

describe('errors are made of whatever they are given, and the process is warned', () => {
  const make = ValidationError as unknown as new (...args: unknown[]) => ValidationError;
  test('a single violation counts as a list of one', () => {
    const error = new ValidationError({ field: 'id', description: 'must be positive' });
    expect(error.violations).toEqual([{ field: 'id', description: 'must be positive' }]);
    expect(error.details).toBe("validation error in field 'id': must be positive");
    expect(warnings).toEqual([]);
  });

  test.each([
    [],
    [undefined],
    [5],
    [null],
    ['id'],
    [{ field: 'id' }],
    [{ id: 'must be positive' }],
    [[5]],
    [new Map()],
  ])('ValidationError of %j', (...args) => {
    const error = new make(...args);
    expect(error.code).toBe(status.INVALID_ARGUMENT);
    expect(error.details).toMatch(/^validation error in field '(id)?': is not valid$/);
    expect(error).toBeInstanceOf(ValidationError);
  });

  test('a business error without a reason has a text that says so', () => {
    const error = new (BusinessError as unknown as new () => BusinessError)();
    expect(error).toMatchObject({ code: status.FAILED_PRECONDITION, reason: 'UNSPECIFIED' });
    expect(error.details).toBe('business error [UNSPECIFIED]: no message');
    expect(warnings).toEqual([
      'BusinessError: reason must be a non-empty string, got undefined',
      'BusinessError: message must be a non-empty string, got undefined',
    ]);
    expect(new BusinessError('A', 'b', null as never).details).toBe('business error [A]: b');
    expect(new StatusError(status.NOT_FOUND, 'x', null as never).details).toBe('x');
  });
});

describe('a rule of validation', () => {
  const arktype = Object.assign(() => ({}), { '~standard': { version: 1, validate: () => ({}) } });
  test.each<[string, unknown]>([
    ['zod', z.object({ id: z.int() })],
    ['valibot', object({ id: string() })],
    ['arktype, whose schemas are functions', arktype],
  ])('that is a schema of %s names standardSchema', (_name, schema) => {
    for (const option of ['rules', 'messageRules', 'validateResponses']) {
      expect(() => validationServerInterceptor({ [option]: { 'a.B/C': schema } })).toThrow(
        `validationServerInterceptor: ${option}['a.B/C'] must be a function of the message, made of the schema with standardSchema(…), got `,
      );
    }
  });
});

describe('a token with its scheme', () => {
  const hint = "without the scheme: 'Bearer ' is written before it (the option `scheme`)";
  test.each(['Bearer abc', 'bearer abc', 'Basic dXNlcg==', ' Bearer abc '])(
    '%s is refused at construction, unseen',
    (token) => {
      expect(() => authClientInterceptor({ token })).toThrow(hint);
      expect(() => authClientInterceptor({ token })).not.toThrow('abc');
    },
  );

  test('from a source names the scheme in the error that the client is given as a cause', () => {
    expect(() => heldToken('Bearer abc', 'Bearer', 0)).toThrow(hint);
    expect(() => heldToken('Bearer abc', 'Bearer', 0)).not.toThrow('abc');
  });
});
