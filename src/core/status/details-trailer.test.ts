import { Metadata } from '@grpc/grpc-js';
import { describe, expect, test } from 'vitest';
import { Status } from '../../gen/google/rpc/status.js';
import { errorDetail, type ErrorDetail, type ErrorDetailOf } from './details.js';
import { detailsInTrailers, setDetailsTrailer } from './details-trailer.js';

const KEY = 'grpc-status-details-bin';

function trailersOf(errorDetails: readonly ErrorDetail[], details = 'text'): Metadata {
  const metadata = new Metadata();
  setDetailsTrailer(metadata, { code: 5, details, errorDetails });
  return metadata;
}

const sizeOf = (metadata: Metadata): number => (metadata.get(KEY)[0] as Buffer | undefined)?.length ?? 0;
const typesLeft = (details: readonly ErrorDetail[]): string[] =>
  detailsInTrailers(trailersOf(details)).map(({ type }) => type);
const text = (bytes: number): string => 'x'.repeat(bytes);
const violations = (count: number, bytes: number) =>
  Array.from({ length: count }, (_, index) => ({ field: `f${index}`, description: text(bytes) }));

describe('the details trailer', () => {
  test('repeats code and text, as some peers insist', () => {
    const [bytes] = trailersOf([errorDetail.retryInfo({ retryDelayMs: 1 })], 'the text').get(KEY);
    expect(Status.decode(bytes as Buffer)).toMatchObject({ code: 5, message: 'the text' });
  });

  test('is absent without details', () => {
    expect(trailersOf([]).get(KEY)).toEqual([]);
  });

  test('stays within 5.5 KB and loses nothing that fits', () => {
    const fitting = [errorDetail.debugInfo({ detail: text(5300) }), errorDetail.errorInfo({ reason: 'R' })];
    expect(typesLeft(fitting)).toEqual(['debugInfo', 'errorInfo']);
    expect(sizeOf(trailersOf(fitting))).toBeLessThanOrEqual(5500);
    expect(typesLeft([errorDetail.debugInfo({ detail: text(5500) }), errorDetail.errorInfo({ reason: 'R' })])).toEqual([
      'errorInfo',
    ]);
  });

  test('loses DebugInfo before all, even before larger ones', () => {
    expect(
      typesLeft([
        errorDetail.help([{ description: text(4000), url: '' }]),
        errorDetail.debugInfo({ detail: text(2000) }),
      ]),
    ).toEqual(['help']);
  });

  test('then loses the largest', () => {
    expect(
      typesLeft([
        errorDetail.requestInfo({ requestId: text(2000) }),
        errorDetail.help([{ description: text(4000), url: '' }]),
        errorDetail.resourceInfo({ resourceType: text(2500), resourceName: '' }),
      ]),
    ).toEqual(['requestInfo', 'resourceInfo']);
  });

  test('of a BadRequest it keeps the first violations, as many as fit', () => {
    const [left] = detailsInTrailers(trailersOf([errorDetail.badRequest(violations(1000, 100))]));
    const kept = (left as ErrorDetailOf<'badRequest'>).fieldViolations;
    expect(kept.length).toBeGreaterThan(40);
    expect(kept.map(({ field }) => field)).toEqual(kept.map((_, index) => `f${index}`));
  });

  test('of a violation that is too long by itself it keeps the start', () => {
    const [left] = detailsInTrailers(trailersOf([errorDetail.badRequest(violations(2, 9000))]));
    expect(left).toEqual(errorDetail.badRequest([{ field: 'f0', description: `${text(200)}…` }]));
  });

  test('of an ErrorInfo it keeps the reason rather than the metadata', () => {
    const info = errorDetail.errorInfo({ reason: 'R', domain: 'd', metadata: { a: text(6000) } });
    expect(detailsInTrailers(trailersOf([info]))).toEqual([errorDetail.errorInfo({ reason: 'R', domain: 'd' })]);
  });

  test('leaves room for a long text: the trailers stay within 8 KiB in all', () => {
    const details = '€'.repeat(220);
    const metadata = trailersOf([errorDetail.badRequest(violations(1000, 50))], details);
    expect((sizeOf(metadata) * 4) / 3 + encodeURI(details).length).toBeLessThan(8192 - 300);
    expect(detailsInTrailers(metadata)).toHaveLength(1);
  });

  test('takes a moment, however much there is', () => {
    const many = Array.from({ length: 2000 }, (_, index) =>
      errorDetail.requestInfo({ requestId: text(100 + (index % 50)) }),
    );
    expect(
      detailsInTrailers(trailersOf([...many, errorDetail.badRequest(violations(100_000, 50))])).length,
    ).toBeGreaterThan(0);
  });

  test('garbage is no details', () => {
    const metadata = new Metadata();
    metadata.set(KEY, Buffer.from('garbage'));
    expect(detailsInTrailers(metadata)).toEqual([]);
  });
});
