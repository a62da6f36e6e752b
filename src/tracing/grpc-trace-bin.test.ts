import { Metadata } from '@grpc/grpc-js';
import { ROOT_CONTEXT, TraceFlags, trace, type SpanContext } from '@opentelemetry/api';
import { suppressTracing } from '@opentelemetry/core';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { GrpcTraceBinPropagator } from './grpc-trace-bin.js';
import { metadataGetter, metadataSetter } from './metadata-carrier.js';

const propagator = new GrpcTraceBinPropagator();
const span: SpanContext = {
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: 'b7ad6b7169203331',
  traceFlags: TraceFlags.SAMPLED,
};
/** The example of OpenCensus's binary encoding, with these ids: gRFC A72 took it over. */
const wire = Buffer.from('00000af7651916cd43dd8448eb211c80319c01b7ad6b71692033310201', 'hex');

function extract(...values: Buffer[]): SpanContext | undefined {
  const metadata = new Metadata();
  for (const value of values) metadata.add('grpc-trace-bin', value);
  return trace.getSpanContext(propagator.extract(ROOT_CONTEXT, metadata, metadataGetter));
}

test('writes the 29 bytes that other languages read', () => {
  const metadata = new Metadata();
  propagator.inject(trace.setSpanContext(ROOT_CONTEXT, span), metadata, metadataSetter);
  expect(metadata.get('grpc-trace-bin')).toEqual([wire]);
});

test('reads them, and the first of several', () => {
  expect(extract(wire)).toEqual({ ...span, isRemote: true });
  expect(extract(wire, Buffer.alloc(29))).toEqual({ ...span, isRemote: true });
});

test('reads what a newer writer appended to', () => {
  expect(extract(Buffer.concat([wire, Buffer.from([3, 1, 2, 3])]))).toEqual({ ...span, isRemote: true });
});

test('writes nothing without a valid span, or where tracing is suppressed', () => {
  const metadata = new Metadata();
  propagator.inject(ROOT_CONTEXT, metadata, metadataSetter);
  propagator.inject(suppressTracing(trace.setSpanContext(ROOT_CONTEXT, span)), metadata, metadataSetter);
  expect(metadata.getMap()).toEqual({});
});

test.each([
  ['empty', Buffer.alloc(0)],
  ['cut off', wire.subarray(0, 28)],
  ['of another version', Buffer.concat([Buffer.from([1]), wire.subarray(1)])],
  ['all zeros', Buffer.alloc(29)],
  ['an invalid trace id', Buffer.from(wire).fill(0, 2, 18)],
  ['an invalid span id', Buffer.from(wire).fill(0, 19, 27)],
  ['fields in disorder', Buffer.from(wire).fill(7, 18, 19)],
])('ignores a value that is %s', (_, value) => {
  expect(extract(value)).toBeUndefined();
});

test('binary noise never throws, and gives nothing or a valid span', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (noise) => {
      const found = extract(Buffer.from(noise));
      if (found !== undefined) expect(trace.isSpanContextValid(found)).toBe(true);
    }),
  );
});

test('what is written is read again', () => {
  const hex = (length: number) => fc.uint8Array({ minLength: length, maxLength: length }).map((b) => Buffer.from(b));
  fc.assert(
    fc.property(hex(16), hex(8), fc.nat(255), (traceId, spanId, traceFlags) => {
      fc.pre(!traceId.equals(Buffer.alloc(16)) && !spanId.equals(Buffer.alloc(8)));
      const given = { traceId: traceId.toString('hex'), spanId: spanId.toString('hex'), traceFlags };
      const metadata = new Metadata();
      propagator.inject(trace.setSpanContext(ROOT_CONTEXT, given), metadata, metadataSetter);
      const context = propagator.extract(ROOT_CONTEXT, metadata, metadataGetter);
      expect(trace.getSpanContext(context)).toEqual({ ...given, isRemote: true });
    }),
  );
});
