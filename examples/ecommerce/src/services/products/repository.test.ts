import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Database } from '../../database/database.js';
import { ProductCategory } from '../../gen/ecommerce/product.js';
import { collect } from '../../streams/collect.js';
import { openTestDatabase } from '../../testing/test-database.js';
import { ProductRepository, type ProductFields, type Selection } from './repository.js';

let database: Database;
let repository: ProductRepository;

beforeAll(async () => {
  database = await openTestDatabase();
  repository = new ProductRepository(database.sql);
});
afterAll(() => database.close());

const pencil: ProductFields = {
  name: 'Pencil',
  description: 'Writes',
  priceCents: 150,
  stock: 3,
  category: ProductCategory.HOME,
  tags: ['desk'],
};

async function idsOf(selection: Selection): Promise<number[]> {
  return (await collect(repository.list(selection))).map(({ id }) => id);
}

test('keeps every field, and finds it again', async () => {
  const [created] = await repository.create([pencil]);

  expect(created).toMatchObject({ ...pencil, deletedAt: null });
  expect(await repository.find(created!.id)).toEqual(created);
});

test('an update replaces every field and moves updated_at', async () => {
  const [created] = await repository.create([pencil]);

  const updated = await repository.update(created!.id, { ...pencil, name: 'Pen', tags: [] });

  expect(updated).toMatchObject({ name: 'Pen', tags: [], createdAt: created!.createdAt });
  expect(updated!.updatedAt.getTime()).toBeGreaterThan(created!.updatedAt.getTime());
});

test('what is removed is neither found, listed, updated nor removed again', async () => {
  const [created] = await repository.create([pencil]);
  const { id } = created!;

  expect(await repository.remove(id)).toBe(true);

  expect(await repository.find(id)).toBeUndefined();
  expect(await idsOf({})).not.toContain(id);
  expect(await repository.update(id, pencil)).toBeUndefined();
  expect(await repository.remove(id)).toBe(false);
});

test('a list longer than a batch comes complete, in order, and ends where it was told to', async () => {
  await repository.create(Array.from({ length: 450 }, (_, i) => ({ ...pencil, name: `Bulk ${i}` })));

  const all = await idsOf({ text: 'bulk ' });

  expect(all).toHaveLength(450);
  expect(all).toEqual([...all].sort((a, b) => a - b));
  expect(await idsOf({ text: 'bulk ', limit: 200 })).toEqual(all.slice(0, 200));
  expect(await idsOf({ text: 'bulk ', offset: 10, limit: 250 })).toEqual(all.slice(10, 260));
});

test('nothing is written when one of many is refused', async () => {
  const before = await idsOf({});

  await expect(repository.create([pencil, { ...pencil, stock: -1 }])).rejects.toThrow();

  expect(await idsOf({})).toEqual(before);
});

test.each(['95%', '_under_', `it's "so"`, `'; drop table products.products; --`, 'back\\slash'])(
  'the text %j is looked for as it stands',
  async (text) => {
    const [created] = await repository.create([{ ...pencil, name: `A ${text} B` }]);

    expect(await idsOf({ text: text.toUpperCase() })).toEqual([created!.id]);
  },
);

test('prices are bounds that include themselves', async () => {
  const created = await repository.create(
    [100, 200, 300].map((priceCents) => ({ ...pencil, name: 'Priced', priceCents })),
  );
  const [, second, third] = created.map(({ id }) => id);

  expect(await idsOf({ text: 'priced', minPrice: 200, maxPrice: 300 })).toEqual([second, third]);
});
