import { ROOT_CONTEXT, createContextKey, trace, type Context } from '@opentelemetry/api';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { CallContext, contextWithSpan } from './call-context.js';

const keys = ['a', 'b', 'c'].map(createContextKey);

test('whatever is set and deleted, it answers as the context of the API does', () => {
  const change = fc.record({ key: fc.constantFrom(...keys), value: fc.option(fc.integer(), { nil: undefined }) });
  const apply = (context: Context, { key, value }: { key: symbol; value: number | undefined }): Context =>
    value === undefined ? context.deleteValue(key) : context.setValue(key, value);
  fc.assert(
    fc.property(fc.array(change), fc.array(change), (outside, inside) => {
      const outer = outside.reduce(apply, ROOT_CONTEXT);
      const expected = inside.reduce(apply, outer);
      const own = inside.reduce(apply, CallContext.over(outer));
      expect(keys.map((key) => own.getValue(key))).toEqual(keys.map((key) => expected.getValue(key)));
    }),
  );
});

test('a context is not changed by what is derived from it', () => {
  const [key] = keys as [symbol];
  const one = CallContext.root.setValue(key, 1);
  one.setValue(key, 2);
  one.deleteValue(key);
  expect([one.getValue(key), CallContext.root.getValue(key)]).toEqual([1, undefined]);
});

test('the span of a context is the one that was set last, and what else the outer context holds stays', () => {
  const [key] = keys as [symbol];
  const first = trace.wrapSpanContext({ traceId: '1'.repeat(32), spanId: '1'.repeat(16), traceFlags: 1 });
  const second = trace.wrapSpanContext({ traceId: '1'.repeat(32), spanId: '2'.repeat(16), traceFlags: 1 });
  const outer = contextWithSpan(ROOT_CONTEXT.setValue(key, 'kept'), first);
  const inner = contextWithSpan(outer, second);
  expect([trace.getSpan(outer), trace.getSpan(inner), inner.getValue(key)]).toEqual([first, second, 'kept']);
});
