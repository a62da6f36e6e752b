import {
  ProductCategory,
  ProductServiceService,
  type CreateProductRequest,
  type UpdateProductRequest,
} from '../../gen/ecommerce/product.js';
import { pageRules } from '../../paging.js';
import { amount, bound, id, integer, oneOf, rulesFor, text } from '../../rules.js';

const MAX_STOCK = 1_000_000;
const MAX_TAGS = 20;

export const productRules = rulesFor(ProductServiceService, {
  getProduct: (request) => [id('id', request.id)],
  createProduct: fieldRules,
  createProducts: fieldRules,
  updateProduct: (request) => [id('id', request.id), ...fieldRules(request)],
  deleteProduct: (request) => [id('id', request.id)],
  listProducts: (request) => [
    ...(request.all ? [] : pageRules(request)),
    oneOf('category', request.category, ProductCategory, { optional: true }),
  ],
  searchProducts: (request) => [
    text('query', request.query, { min: 0, max: 200 }),
    oneOf('category', request.category, ProductCategory, { optional: true }),
    bound('min_price', request.minPrice),
    bound('max_price', request.maxPrice),
    request.maxPrice > 0 && request.maxPrice < request.minPrice
      ? { field: 'max_price', description: 'must not be below min_price' }
      : undefined,
  ],
  chatWithProducts: (request) => [text('message', request.message, { max: 500 })],
});

function fieldRules(request: CreateProductRequest | UpdateProductRequest) {
  return [
    text('name', request.name, { max: 200 }),
    text('description', request.description, { min: 0, max: 2_000 }),
    amount('price', request.price),
    integer('stock', request.stock, 0, MAX_STOCK),
    oneOf('category', request.category, ProductCategory),
    request.tags.length > MAX_TAGS ? { field: 'tags', description: `must be at most ${MAX_TAGS}` } : undefined,
    ...request.tags.slice(0, MAX_TAGS).map((tag, index) => text(`tags[${index}]`, tag, { max: 50 })),
  ];
}
