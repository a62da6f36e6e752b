import { implement } from 'grpc-js-middleware/promises';
import { errors } from '../../errors.js';
import { ProductServiceService, type CreateProductRequest, type Product } from '../../gen/ecommerce/product.js';
import { once } from '../../idempotency/once.js';
import { formatCents, fromCents, toCents } from '../../money.js';
import { formatCount } from '../../numbers.js';
import { pageOf } from '../../paging.js';
import { collect } from '../../streams/collect.js';
import { takeUpload } from '../../streams/upload.js';
import type { ShopService } from '../shop-service.js';
import { ProductRepository, type ProductFields, type StoredProduct } from './repository.js';
import { productRules } from './rules.js';

/** How many products an answer in a chat names. */
const CHAT_RESULTS = 3;

export const productService: ShopService = {
  definition: ProductServiceService,
  rules: productRules,

  implement({ database }) {
    const repository = new ProductRepository(database.sql);

    return implement(ProductServiceService, {
      async getProduct({ id }) {
        return { product: toProduct(existing(await repository.find(id), id)) };
      },

      async *listProducts({ category, all, ...page }) {
        for await (const product of repository.list({ category, ...(all ? {} : pageOf(page)) }))
          yield toProduct(product);
      },

      async *searchProducts({ query, category, minPrice, maxPrice }) {
        const selection = { text: query, category, minPrice: toCents(minPrice), maxPrice: toCents(maxPrice) };
        for await (const product of repository.list(selection)) yield toProduct(product);
      },

      async createProduct(request, call) {
        const id = await once(database.sql, call, async (transaction) => {
          const [created] = await new ProductRepository(transaction).create([toFields(request)]);
          return created!.id;
        });
        return { product: toProduct(existing(await repository.find(id), id)) };
      },

      async createProducts(requests, call) {
        const fields = (await takeUpload(requests)).map(toFields);
        call.signal.throwIfAborted();
        const created = await repository.create(fields);
        const totalPrice = fromCents(created.reduce((sum, { priceCents }) => sum + priceCents, 0));
        return { products: created.map(toProduct), totalPrice, count: created.length };
      },

      async updateProduct({ id, ...request }, call) {
        await once(database.sql, call, async (transaction) => {
          existing(await new ProductRepository(transaction).update(id, toFields(request)), id);
          return id;
        });
        return { product: toProduct(existing(await repository.find(id), id)) };
      },

      async deleteProduct({ id }, call) {
        await once(database.sql, call, async (transaction) => {
          if (!(await new ProductRepository(transaction).remove(id))) throw errors.PRODUCT_NOT_FOUND({ id });
          return id;
        });
        return {};
      },

      async *chatWithProducts(questions) {
        for await (const { id, message } of questions) {
          yield { id, message: await answerTo(message, repository), timestamp: Math.floor(Date.now() / 1000) };
        }
      },
    });
  },
};

function existing(product: StoredProduct | undefined, id: number): StoredProduct {
  if (product === undefined) throw errors.PRODUCT_NOT_FOUND({ id });
  return product;
}

function toProduct({ priceCents, ...product }: StoredProduct): Product {
  return { ...product, price: fromCents(priceCents) };
}

function toFields({ price, ...fields }: CreateProductRequest): ProductFields {
  return { ...fields, priceCents: toCents(price) };
}

/** `#7` asks for a product by its id, anything else for those that contain the text. */
async function answerTo(question: string, repository: ProductRepository): Promise<string> {
  const id = /^#(\d{1,9})$/.exec(question.trim())?.[1];
  const products =
    id === undefined
      ? await collect(repository.list({ text: question.trim(), limit: CHAT_RESULTS }))
      : [await repository.find(Number(id))].filter((product) => product !== undefined);
  const facts = products.map(
    ({ name, priceCents, stock }) => `${name}, ${formatCents(priceCents)}, ${formatCount(stock)} in stock`,
  );
  return `Product information: ${facts.join('; ') || `nothing found for ${question.trim()}`}`;
}
