import * as v from 'valibot';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { Violation } from './rule.js';
import { snakeCase, standardSchema, type StandardSchema } from './standard-schema.js';

const order = { customerEmail: 'x', items: [{ productId: 0 }, { productId: 2 }], labels: { 'tier 1': 5 } };

const zodOrder = z.object({
  customerEmail: z.email('must be an email address'),
  items: z.array(z.object({ productId: z.int().positive('must be positive') })),
  labels: z.record(z.string(), z.string('must be text')),
});

const valibotOrder = v.object({
  customerEmail: v.pipe(v.string(), v.email('must be an email address')),
  items: v.array(v.object({ productId: v.pipe(v.number(), v.minValue(1, 'must be positive')) })),
  labels: v.record(v.string(), v.string('must be text')),
});

describe.each<[string, StandardSchema]>([
  ['zod', zodOrder],
  ['valibot', valibotOrder],
])('%s', (_, schema) => {
  test('every issue is a violation, named by its path', () => {
    expect(standardSchema(schema)(order)).toEqual([
      { field: 'customerEmail', description: 'must be an email address' },
      { field: 'items[0].productId', description: 'must be positive' },
      { field: 'labels["tier 1"]', description: 'must be text' },
    ]);
  });

  test('fields are named as the proto does on request', () => {
    const found = standardSchema(schema, { fieldName: snakeCase })(order);
    expect((found as Violation[]).map(({ field }) => field)).toEqual([
      'customer_email',
      'items[0].product_id',
      'labels["tier 1"]',
    ]);
  });

  test('a right message has no violations', () => {
    expect(standardSchema(schema)({ customerEmail: 'a@b.example', items: [], labels: {} })).toEqual([]);
  });
});

test.each<[string, StandardSchema]>([
  ['zod', z.object({ id: z.string().refine(async (id) => id === 'free', 'is taken') })],
  [
    'valibot',
    v.objectAsync({
      id: v.pipeAsync(
        v.string(),
        v.checkAsync(async (id) => id === 'free', 'is taken'),
      ),
    }),
  ],
])('an async schema of %s is waited for', async (_, schema) => {
  const rule = standardSchema(schema);
  await expect(rule({ id: 'mine' })).resolves.toEqual([{ field: 'id', description: 'is taken' }]);
  await expect(rule({ id: 'free' })).resolves.toEqual([]);
});

test('a failure without issues is a failure', () => {
  const schema: StandardSchema = { '~standard': { version: 1, validate: () => ({ issues: [] }) } };
  expect(standardSchema(schema)({})).toEqual([{ field: '', description: 'is not valid' }]);
});

test('what is no schema is refused', () => {
  const schema = { parse: () => undefined } as unknown as StandardSchema;
  expect(() => standardSchema(schema)).toThrow(
    new TypeError("standardSchema: schema must be a Standard Schema, with a property '~standard', got { parse }"),
  );
  expect(() => standardSchema(zodOrder, { fieldName: 'snake_case' as never })).toThrow(/fieldName must be a function/);
});

test('snakeCase', () => {
  expect(['id', 'productId', 'cardCVV'].map(snakeCase)).toEqual(['id', 'product_id', 'card_c_v_v']);
});
