import { Metadata, status } from '@grpc/grpc-js';
import fc from 'fast-check';
import type { IncomingHttpHeaders } from 'node:http2';
import { inspect } from 'node:util';
import { describe, expect, expectTypeOf, test, vi } from 'vitest';
import { errorDetail, type ErrorDetailOf } from './details.js';
import { findDetail } from './find-detail.js';
import { BusinessError, StatusError, ValidationError, isStatusError, toStatusObject } from './status-error.js';
import { statusName } from './status-name.js';
import { runs } from '../../../test/support/runs.js';

/** An error as grpc-js's client makes it of a status. */
const clientError = (given: { code: number; details: string; metadata: Metadata }) =>
  Object.assign(new Error(`${given.code} ${status[given.code]}: ${given.details}`), given);
/** What a client makes of it that was sent this error. */
const arrived = (error: StatusError): StatusError => {
  const { code, details, metadata } = toStatusObject(error);
  return StatusError.from(
    clientError({
      code,
      details,
      metadata: Metadata.fromHttp2Headers(metadata.toHttp2Headers() as IncomingHttpHeaders),
    }),
  );
};

describe('StatusError', () => {
  test('says code, text, details and cause', () => {
    const cause = new Error('why');
    const retry = errorDetail.retryInfo({ retryDelayMs: 5 });
    const error = new StatusError(status.UNAVAILABLE, 'later', { errorDetails: [retry], cause });
    expect(error).toMatchObject({ code: 14, details: 'later', errorDetails: [retry], cause, name: 'StatusError' });
    expect(error.message).toBe('14 UNAVAILABLE: later');
    expect(error.stack).toMatch(/^StatusError: 14 UNAVAILABLE: later\n\s+at .*status-error\.test/);
    expect(Object.keys(error)).toEqual(['code', 'details', 'errorDetails']);
  });

  test('has grpc-js trailers, copied from those given, with the details', () => {
    const metadata = new Metadata();
    metadata.set('x-a', '1');
    const error = new StatusError(status.ABORTED, 'x', {
      metadata,
      errorDetails: [errorDetail.errorInfo({ reason: 'R' })],
    });
    expect(error.metadata.get('x-a')).toEqual(['1']);
    expect(error.metadata.get('grpc-status-details-bin')).toHaveLength(1);
    expect(error.metadata).toBe(error.metadata);
    expect(metadata.get('grpc-status-details-bin')).toEqual([]);
  });

  test.each([0, -1, 17, 404, 11000, 2.5, NaN, Infinity, '5', undefined])(
    'a code of %s is no error: UNKNOWN',
    (code) => {
      expect(new StatusError(code as status, 'x').code).toBe(status.UNKNOWN);
    },
  );

  test.each([
    ['lone \ud800 surrogate \udfff', 'lone \ufffd surrogate \ufffd'],
    ['a\u0000b\r\nc\u007f', 'a\u0000b\r\nc\u007f'],
    [undefined as unknown as string, ''],
  ])('makes text sendable: %j', (given, expected) => {
    const error = new StatusError(status.INTERNAL, given);
    expect(error.details).toBe(expected);
    expect(() => encodeURI(error.details)).not.toThrow();
  });

  test('bounds text', () => {
    expect(encodeURI(new StatusError(5, '\u{1F600}'.repeat(100_000)).details).length).toBeLessThanOrEqual(2048);
  });

  test('stands a cause that refers to itself, and metadata that is none', () => {
    const cause: { cause?: unknown } = new Error('round');
    cause.cause = cause;
    const error = new StatusError(5, 'x', { cause, metadata: { a: 1 } as unknown as Metadata });
    expect(toStatusObject(error)).toMatchObject({ code: 5, details: 'x' });
    expect(inspect(error)).toContain('round');
  });
});

describe('ValidationError', () => {
  test('of one field, with the guide’s text', () => {
    const error = new ValidationError('id', 'ID must be positive');
    expect(error.code).toBe(status.INVALID_ARGUMENT);
    expect(error.details).toBe("validation error in field 'id': ID must be positive");
    expect(error.violations).toEqual([{ field: 'id', description: 'ID must be positive' }]);
    expect(error.name).toBe('ValidationError');
  });

  test('of several fields', () => {
    const error = new ValidationError([
      { field: 'id', description: 'ID must be positive' },
      { field: 'name', description: 'is required', reason: 'REQUIRED' },
    ]);
    expect(error.details).toBe("validation error in field 'id': ID must be positive; in field 'name': is required");
    expect(findDetail(error, 'badRequest')?.fieldViolations).toEqual(error.violations);
  });

  test('of very many counts what its text leaves out', () => {
    const many = Array.from({ length: 10_000 }, (_, index) => ({ field: `items[${index}]`, description: 'is wrong' }));
    expect(new ValidationError(many).details).toMatch(/; and 99\d\d more$/);
    expect(new ValidationError([]).details).toBe('validation error');
  });

  test('takes cause and trailers', () => {
    expect(new ValidationError('a', 'b', { cause: 'c' }).cause).toBe('c');
    expect(new ValidationError([], { cause: 'c' }).cause).toBe('c');
  });
});

describe('BusinessError', () => {
  test('has the guide’s text and code', () => {
    const error = new BusinessError('PRODUCT_NOT_FOUND', 'Product not found');
    expect(error.code).toBe(status.FAILED_PRECONDITION);
    expect(error.details).toBe('business error [PRODUCT_NOT_FOUND]: Product not found');
    expect(error).toMatchObject({ reason: 'PRODUCT_NOT_FOUND', domain: '', name: 'BusinessError' });
  });

  test('takes code, domain and metadata', () => {
    const error = new BusinessError('A', 'b', {
      code: status.NOT_FOUND,
      domain: 'shop',
      metadata: { id: '7' },
      cause: 1,
    });
    expect(error).toMatchObject({ code: status.NOT_FOUND, domain: 'shop', cause: 1 });
    expect(findDetail(error, 'errorInfo')).toEqual(
      errorDetail.errorInfo({ reason: 'A', domain: 'shop', metadata: { id: '7' } }),
    );
  });
});

describe('instanceof', () => {
  test('tells the classes apart', () => {
    const error: StatusError = new ValidationError('a', 'b');
    expect(error instanceof StatusError).toBe(true);
    expect(error instanceof ValidationError).toBe(true);
    expect(error instanceof BusinessError).toBe(false);
    expect(new StatusError(5, 'x') instanceof ValidationError).toBe(false);
    expect(error instanceof Error).toBe(true);
  });

  test('tells subclasses of the application apart as usual', () => {
    class OutOfStock extends BusinessError {}
    expect(new OutOfStock('A', 'b') instanceof OutOfStock).toBe(true);
    expect(new OutOfStock('A', 'b') instanceof BusinessError).toBe(true);
    expect(new BusinessError('A', 'b') instanceof OutOfStock).toBe(false);
  });

  test('agrees with a second copy of the library', async () => {
    vi.resetModules();
    const copy = await import('./status-error.js');
    expect(copy.ValidationError).not.toBe(ValidationError);
    const theirs: unknown = new copy.ValidationError('a', 'b');
    expect(theirs instanceof ValidationError).toBe(true);
    expect(theirs instanceof BusinessError).toBe(false);
    expect(isStatusError(theirs)).toBe(true);
    expect(StatusError.from(theirs)).toBe(theirs);
    expect(toStatusObject(theirs as StatusError).metadata.get('grpc-status-details-bin')).toHaveLength(1);
  });

  test('is false, not an error, for what cannot be looked at', () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    expect([null, undefined, 5, 'x', proxy, {}, () => 1].filter(isStatusError)).toEqual([]);
  });
});

describe('StatusError.from', () => {
  test('gives ours back', () => {
    const error = new StatusError(5, 'x');
    expect(StatusError.from(error)).toBe(error);
  });

  test('keeps anything unknown in the cause only', () => {
    const cyclic: { cause?: unknown } = new Error('secret');
    cyclic.cause = cyclic;
    for (const thrown of [
      cyclic,
      'secret',
      null,
      { code: 'ENOENT', message: 'secret' },
      { code: 11000, details: 'secret' },
    ]) {
      const error = StatusError.from(thrown);
      expect(error).toMatchObject({ code: status.UNKNOWN, details: 'Unknown error' });
      expect(error.cause).toBe(thrown ?? null);
      expect(error.message).not.toContain('secret');
    }
  });

  test('never throws', () => {
    const { proxy, revoke } = Proxy.revocable({}, {});
    revoke();
    expect(isStatusError(StatusError.from(proxy))).toBe(true);
    const hostile = {
      get code() {
        throw new Error('no');
      },
    };
    fc.assert(
      fc.property(fc.oneof(fc.anything(), fc.constant(hostile)), (thrown) => isStatusError(StatusError.from(thrown))),
    );
  });

  test.each([
    [new ValidationError('id', 'bad')],
    [new BusinessError('A_B', 'no', { code: status.NOT_FOUND })],
    [new StatusError(5, 'x')],
  ])('makes the same class of what arrived: %s', (sent) => {
    const error = arrived(sent);
    expect(Object.getPrototypeOf(error)).toBe(Object.getPrototypeOf(sent));
    expect({ ...error }).toEqual({ ...sent });
    expect(error.message).toBe(sent.message);
    expect(error.stack).toContain('status-error.test');
  });

  test('a business error that has a BadRequest stays one', () => {
    const sent = new BusinessError('A', 'b', {
      code: status.INVALID_ARGUMENT,
      errorDetails: [errorDetail.badRequest([])],
    });
    expect(arrived(sent) instanceof BusinessError).toBe(true);
  });

  test('a validation error of another language, with the ErrorInfo that AIP-193 asks for, is one', () => {
    const sent = new StatusError(status.INVALID_ARGUMENT, 'bad', {
      errorDetails: [
        errorDetail.errorInfo({ reason: 'BAD' }),
        errorDetail.badRequest([{ field: 'a', description: 'b' }]),
      ],
    });
    expect(arrived(sent) instanceof ValidationError).toBe(true);
  });

  test('keeps the trailers and the whole text of what arrived', () => {
    const metadata = new Metadata();
    metadata.set('x-downstream', 'secret');
    const error = StatusError.from(clientError({ code: 5, details: 'y'.repeat(5000), metadata }));
    expect(error.metadata).toBe(metadata);
    expect(error.details).toHaveLength(5000);
    expect(error.message).toHaveLength(5000 + '5 NOT_FOUND: '.length);
  });

  test('a code that gRPC does not know, from a server, counts as UNKNOWN', () => {
    expect(StatusError.from(clientError({ code: 404, details: 'x', metadata: new Metadata() }))).toMatchObject({
      code: 2,
      details: 'x',
    });
  });

  test('garbage for details is no details', () => {
    const metadata = new Metadata();
    metadata.set('grpc-status-details-bin', Buffer.from('garbage'));
    expect(StatusError.from(clientError({ code: 5, details: 'x', metadata }))).toMatchObject({
      code: 5,
      errorDetails: [],
    });
  });
});

describe('toStatusObject', () => {
  test('sends on code, text and details of what arrived, but none of its trailers', () => {
    const metadata = toStatusObject(new BusinessError('A', 'b')).metadata;
    metadata.set('x-downstream', 'secret');
    const received = StatusError.from(
      clientError({
        code: 9,
        details: 'b',
        metadata: Metadata.fromHttp2Headers(metadata.toHttp2Headers() as IncomingHttpHeaders),
      }),
    );
    const again = toStatusObject(received);
    expect(Object.keys(again.metadata.getMap())).toEqual(['grpc-status-details-bin']);
    expect(arrived(received)).toMatchObject({ code: 9, details: 'b', reason: 'A' });
  });

  test('gives trailers that the caller may change, each time', () => {
    const error = new BusinessError('A', 'b');
    toStatusObject(error).metadata.set('x', '1');
    expect(toStatusObject(error).metadata.get('x')).toEqual([]);
  });
});

describe('any error', () => {
  const text = fc.string({ unit: 'grapheme', maxLength: 30 });
  const filled = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 });
  const texts = fc
    .dictionary(filled, text, { maxKeys: 3, noNullPrototype: true })
    .filter((map) => !Object.hasOwn(map, '__proto__'));
  const detail = fc.oneof(
    fc
      .array(fc.record({ field: text, description: text, reason: filled }, { requiredKeys: ['field', 'description'] }))
      .map(errorDetail.badRequest),
    fc.record({ stackEntries: fc.array(text, { maxLength: 3 }), detail: text }).map(errorDetail.debugInfo),
    fc.record({ reason: text, domain: text, metadata: texts }).map(errorDetail.errorInfo),
    fc.array(fc.record({ description: text, url: text }), { maxLength: 3 }).map(errorDetail.help),
    fc.record({ locale: text, message: text }).map(errorDetail.localizedMessage),
    fc
      .array(fc.record({ type: text, subject: text, description: text }), { maxLength: 3 })
      .map(errorDetail.preconditionFailure),
    fc
      .array(fc.record({ subject: text, description: text, quotaValue: fc.integer({ min: 1 }) }), { maxLength: 3 })
      .map(errorDetail.quotaFailure),
    fc.record({ requestId: text, servingData: text }).map(errorDetail.requestInfo),
    fc.record({ resourceType: text, resourceName: text, owner: text, description: text }).map(errorDetail.resourceInfo),
    fc.nat().map((retryDelayMs) => errorDetail.retryInfo({ retryDelayMs })),
  );

  test('of reasonable size arrives as it was sent', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 16 }),
        text,
        fc.array(detail, { maxLength: 4 }),
        (code, details, errorDetails) => {
          const sent = new StatusError(code, details, { errorDetails });
          expect({ ...arrived(sent) }).toEqual({ ...sent });
        },
      ),
      { numRuns: runs(200) },
    );
  });

  test('of any size fits the trailers', () => {
    const long = fc.string({ unit: 'binary', maxLength: 8000 });
    const large = fc.oneof(
      detail,
      fc.array(fc.record({ field: long, description: long }), { maxLength: 5 }).map(errorDetail.badRequest),
      long.map((reason) => errorDetail.errorInfo({ reason, metadata: { reason } })),
    );
    fc.assert(
      fc.property(long, fc.array(large, { maxLength: 6 }), (details, errorDetails) => {
        const { metadata, details: sent } = toStatusObject(new StatusError(5, details, { errorDetails }));
        const [bytes] = metadata.get('grpc-status-details-bin');
        const base64 = Math.ceil((((bytes as Buffer | undefined)?.length ?? 0) * 4) / 3);
        expect(base64 + encodeURI(sent).length).toBeLessThan(8192 - 300);
      }),
      { numRuns: runs(50) },
    );
  });
});

describe('findDetail', () => {
  test('finds by type, with its type, in ours and in those of grpc-js', () => {
    const sent = new StatusError(14, 'x', { errorDetails: [errorDetail.retryInfo({ retryDelayMs: 7 })] });
    expect(findDetail(sent, 'retryInfo')?.retryDelayMs).toBe(7);
    expect(findDetail(clientError(toStatusObject(sent)), 'retryInfo')?.retryDelayMs).toBe(7);
    expect(findDetail(new Error('x'), 'retryInfo')).toBeUndefined();
    expectTypeOf(findDetail(sent, 'help')).toEqualTypeOf<ErrorDetailOf<'help'> | undefined>();
  });
});

describe('statusName', () => {
  test('names the codes', () => {
    expect([0, 5, 16, 17, 404, -1].map(statusName)).toEqual([
      'OK',
      'NOT_FOUND',
      'UNAUTHENTICATED',
      'UNKNOWN',
      'UNKNOWN',
      'UNKNOWN',
    ]);
  });
});
