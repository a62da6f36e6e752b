import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { ErrorInfo } from '../../gen/google/rpc/error_details.js';
import { Status } from '../../gen/google/rpc/status.js';
import { decodeDetails, encodeDetail } from './details-codec.js';
import { errorDetail, type ErrorDetail, type ErrorDetailOf } from './details.js';
import { runs } from '../../../test/support/runs.js';

/** One of each type, with every field. */
const all: readonly ErrorDetail[] = [
  errorDetail.badRequest([
    { field: 'id', description: 'must be positive', reason: 'NOT_POSITIVE' },
    {
      field: 'items[0].name',
      description: 'ist leer',
      localizedMessage: { locale: 'de-CH', message: 'Der Name fehlt' },
    },
  ]),
  errorDetail.debugInfo({ stackEntries: ['at a', 'at b'], detail: 'boom' }),
  errorDetail.errorInfo({ reason: 'OUT_OF_STOCK', domain: 'shop.example', metadata: { id: '7' } }),
  errorDetail.help([{ description: 'Manual', url: 'https://shop.example/help' }]),
  errorDetail.localizedMessage({ locale: 'fr', message: 'épuisé' }),
  errorDetail.preconditionFailure([{ type: 'TOS', subject: 'shop.example/7', description: 'not accepted' }]),
  errorDetail.quotaFailure([
    {
      subject: 'client:7',
      description: 'too many',
      apiService: 'shop.example',
      quotaMetric: 'calls',
      quotaId: 'calls-per-minute',
      quotaDimensions: { region: 'eu' },
      quotaValue: 100,
      futureQuotaValue: 0,
    },
  ]),
  errorDetail.requestInfo({ requestId: 'r-1', servingData: 'opaque' }),
  errorDetail.resourceInfo({ resourceType: 'product', resourceName: '7', owner: 'shop', description: 'gone' }),
  errorDetail.retryInfo({ retryDelayMs: 1500 }),
];

const encode = (details: readonly ErrorDetail[]): Uint8Array =>
  Status.encode({
    code: 5,
    message: '',
    details: details.map(encodeDetail).filter((each) => each !== undefined),
  }).finish();
const there = (detail: ErrorDetail): ErrorDetail | undefined => decodeDetails(encode([detail]))[0];

describe('codec of google.rpc details', () => {
  test.each(all.map((detail) => [detail.type, detail] as const))('brings %s back as it was', (_, detail) => {
    expect(there(detail)).toEqual(detail);
  });

  test('names each type as google.rpc does', () => {
    expect(all.map((detail) => encodeDetail(detail)?.typeUrl.replace('type.googleapis.com/google.rpc.', ''))).toEqual([
      'BadRequest',
      'DebugInfo',
      'ErrorInfo',
      'Help',
      'LocalizedMessage',
      'PreconditionFailure',
      'QuotaFailure',
      'RequestInfo',
      'ResourceInfo',
      'RetryInfo',
    ]);
  });

  test('writes the bytes that the specification prescribes', () => {
    // RetryInfo { retry_delay (1): Duration { seconds (1): 1, nanos (2): 500,000,000 } }
    expect(encodeDetail(errorDetail.retryInfo({ retryDelayMs: 1500 }))?.value.toString('hex')).toBe(
      '0a080801' + '1080cab5ee01',
    );
  });

  test.each([
    [0, 0],
    [0.5, 0.5],
    [999.999, 999.999],
    [86_400_000, 86_400_000],
    [-5, 0],
    [NaN, 0],
    [Infinity, 315_576_000_000_000],
  ])('carries a delay of %d ms as %d ms', (given, expected) => {
    expect(there(errorDetail.retryInfo({ retryDelayMs: given }))).toEqual({
      type: 'retryInfo',
      retryDelayMs: expected,
    });
  });

  test.each([
    [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER],
    [-3, -3],
    [1.9, 1],
    [Infinity, 2 ** 63],
    [NaN, undefined],
  ])('carries a quota of %d as %d', (given, expected) => {
    const detail = there(errorDetail.quotaFailure([{ subject: 's', description: 'd', quotaValue: given }]));
    expect(detail).toMatchObject({ violations: [{ subject: 's', description: 'd' }] });
    expect((detail as ErrorDetailOf<'quotaFailure'>).violations[0]!.quotaValue).toBe(expected);
  });

  test('leaves out what is none of the ten, and keeps the rest', () => {
    const bytes = Status.encode({
      code: 5,
      message: '',
      details: [
        { typeUrl: 'type.googleapis.com/shop.Custom', value: Buffer.from([1, 2, 3]) },
        { typeUrl: 'type.googleapis.com/google.rpc.RetryInfo', value: Buffer.from([0xff, 0xff, 0xff]) },
        {
          typeUrl: 'type.googleapis.com/google.rpc.ErrorInfo',
          value: Buffer.from(ErrorInfo.encode({ reason: 'R' }).finish()),
        },
      ],
    }).finish();
    expect(decodeDetails(bytes)).toEqual([errorDetail.errorInfo({ reason: 'R' })]);
  });

  test('takes null and undefined, as JavaScript may leave them, for what is not there', () => {
    const there = (detail: unknown): unknown => {
      const details = [encodeDetail(detail as ErrorDetail)!];
      return decodeDetails(Status.encode({ code: 3, message: '', details }).finish())[0];
    };
    const violation = { field: 'items[0]', description: null, reason: null, localizedMessage: null };
    expect(there({ type: 'badRequest', fieldViolations: [violation] })).toEqual({
      type: 'badRequest',
      fieldViolations: [{ field: 'items[0]', description: '' }],
    });
    const metadata = { known: 'yes', unset: undefined };
    expect(there({ type: 'errorInfo', reason: 'R', domain: null, metadata })).toEqual(
      errorDetail.errorInfo({ reason: 'R', metadata: { known: 'yes' } }),
    );
    class Counted {
      readonly type = 'errorInfo';
      readonly domain = '';
      readonly metadata = {};
      get reason() {
        return 'R';
      }
    }
    expect(there(new Counted())).toEqual(errorDetail.errorInfo({ reason: 'R' }));
  });

  test('leaves out a detail that cannot be encoded, rather than fail where an error is being sent', () => {
    expect(encodeDetail({ type: 'nonsense' } as unknown as ErrorDetail)).toBeUndefined();
    expect(encodeDetail({ type: 'quotaFailure' } as unknown as ErrorDetail)).toBeUndefined();
  });

  test('a name like __proto__ in a map pollutes nothing', () => {
    const entry = Buffer.from(
      ErrorInfo.encode({ reason: 'R', metadata: JSON.parse('{"__proto__":"x"}') as Record<string, string> }).finish(),
    );
    const bytes = Status.encode({
      code: 5,
      message: '',
      details: [{ typeUrl: 'type.googleapis.com/google.rpc.ErrorInfo', value: entry }],
    }).finish();
    decodeDetails(bytes);
    expect(({} as Record<string, unknown>)['x']).toBeUndefined();
  });

  test('never throws on garbage', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => Array.isArray(decodeDetails(bytes))),
      { numRuns: runs(1000) },
    );
  });

  test('never throws on a mutilated status, nor invents types', () => {
    const whole = Buffer.from(encode(all));
    fc.assert(
      fc.property(fc.nat(whole.length - 1), fc.nat(255), fc.nat(whole.length), (at, byte, length) => {
        const broken = Buffer.from(whole.subarray(0, length));
        if (at < length) broken[at] = byte;
        for (const detail of decodeDetails(broken)) expect(all.map(({ type }) => type)).toContain(detail.type);
      }),
      { numRuns: runs(500) },
    );
  });
});
