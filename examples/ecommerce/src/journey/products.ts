import { status } from '@grpc/grpc-js';
import type { ShopClients } from '../clients.js';
import { ProductCategory, type CreateProductRequest } from '../gen/ecommerce/product.js';
import { collect } from '../streams/collect.js';
import type { Journey } from './journey.js';
import type { People } from './run-journey.js';

const bicycle: CreateProductRequest = {
  name: 'City Bicycle',
  description: 'Seven gears, a basket and a bell',
  price: 649.5,
  stock: 12,
  category: ProductCategory.SPORTS,
  tags: ['bicycle'],
};

/** Looking around in the catalogue, and keeping it. */
export async function visitProducts(journey: Journey, { stranger, ada, admin: { products } }: People): Promise<void> {
  await browse(journey, stranger.products);
  const questions = ['#1', 'wool'].map((message, index) => ({ id: index + 1, message, timestamp: 0 }));
  await journey.isRefused(status.UNAUTHENTICATED, () => collect(stranger.products.chatWithProducts(questions)));
  await journey.succeeds(
    () => collect(ada.products.chatWithProducts(questions)),
    (answers) => answers.length === 2,
  );
  await journey.isRefused(status.PERMISSION_DENIED, () => ada.products.createProduct(bicycle));
  const { product } = await journey.succeeds(() => products.createProduct(bicycle));
  const { id } = product!;
  await journey.isRefused(status.INVALID_ARGUMENT, () => products.createProduct({ ...bicycle, name: '', price: -1 }));
  const cheaper = { ...bicycle, id, price: 599 };
  await journey.succeeds(
    () => products.updateProduct(cheaper),
    ({ product: updated }) => updated?.price === 599,
  );
  await journey.succeeds(() => products.deleteProduct({ id }));
  await journey.isRefused(status.NOT_FOUND, () => products.getProduct({ id }));
  await uploadProducts(journey, products);
}

async function browse(journey: Journey, products: ShopClients['products']): Promise<void> {
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
}

async function uploadProducts(journey: Journey, products: ShopClients['products']): Promise<void> {
  const upload = [bicycle, { ...bicycle, name: 'Trekking Bicycle', price: 899 }];
  const { products: created } = await journey.succeeds(
    () => products.createProducts(upload),
    ({ count, totalPrice }) => count === 2 && totalPrice === 1_548.5,
  );
  for (const { id } of created) await journey.succeeds(() => products.deleteProduct({ id }));
}
