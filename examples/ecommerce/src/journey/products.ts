import { status } from '@grpc/grpc-js';
import { ProductCategory, type CreateProductRequest } from '../gen/ecommerce/product.js';
import { collect } from '../streams/collect.js';
import type { Journey } from './journey.js';
import type { People } from './people.js';

const bicycle: CreateProductRequest = {
  name: 'City Bicycle',
  description: 'Seven gears, a basket and a bell',
  price: 649.5,
  stock: 12,
  category: ProductCategory.SPORTS,
  tags: ['bicycle'],
};

/** Looking around needs no name. */
export async function browse(journey: Journey, { stranger, ada }: People): Promise<void> {
  const { products } = stranger;
  const list = { page: 1, pageSize: 5, category: ProductCategory.UNSPECIFIED, all: false };
  await journey.succeeds(
    () => collect(products.listProducts(list)),
    (page) => page.length === 5,
  );
  const search = { query: 'laptop', category: ProductCategory.ELECTRONICS, minPrice: 0, maxPrice: 1_000 };
  const found = await journey.succeeds(
    () => collect(products.searchProducts(search)),
    ([first]) => first?.name === 'Laptop Air 13',
  );
  await journey.succeeds(() => products.getProduct({ id: found[0]!.id }));
  const questions = ['#1', 'wool'].map((message, index) => ({ id: index + 1, message, timestamp: 0 }));
  await journey.isRefused(status.UNAUTHENTICATED, () => collect(products.chatWithProducts(questions)));
  await journey.succeeds(
    () => collect(ada.products.chatWithProducts(questions)),
    (answers) => answers.length === 2,
  );
}

/** Keeping the catalogue; answers with the id of what the journey sells. */
export async function keepCatalogue(journey: Journey, { ada, admin: { products } }: People): Promise<number> {
  await journey.isRefused(status.PERMISSION_DENIED, () => ada.products.createProduct(bicycle));
  await journey.isRefused(status.INVALID_ARGUMENT, () => products.createProduct({ ...bicycle, name: '', price: -1 }));
  const { product } = await journey.succeeds(() => products.createProduct(bicycle));
  const cheaper = { ...bicycle, id: product!.id, price: 599 };
  await journey.succeeds(
    () => products.updateProduct(cheaper),
    ({ product: updated }) => updated?.price === 599,
  );
  const { products: uploaded } = await journey.succeeds(
    () => products.createProducts([bicycle, { ...bicycle, name: 'Trekking Bicycle', price: 899 }]),
    ({ count, totalPrice }) => count === 2 && totalPrice === 1_548.5,
  );
  for (const { id } of uploaded) await journey.succeeds(() => products.deleteProduct({ id }));
  await journey.isRefused(status.NOT_FOUND, () => products.getProduct({ id: uploaded[0]!.id }));
  return product!.id;
}

/** Nobody finds it any more; the orders keep its name. */
export async function clearCatalogue(journey: Journey, { admin }: People, id: number): Promise<void> {
  await journey.succeeds(() => admin.products.deleteProduct({ id }));
}
