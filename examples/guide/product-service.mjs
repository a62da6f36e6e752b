// What the programs share: the service's definition, a few products, and how to serve and call them.
import { Server, ServerCredentials, credentials, loadPackageDefinition, status } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { BusinessError, ValidationError, implement, promiseClient } from 'grpc-js-middleware';

export const definition = loadSync(new URL('product.proto', import.meta.url).pathname, {
  enums: String,
  longs: Number,
});
export const { ProductService } = loadPackageDefinition(definition).ecommerce;

/** The handlers of the programs that are not about handlers. */
export function productHandlers() {
  const products = new Map([
    [1, { id: 1, name: 'Laptop', price: 999.99, category: 'PRODUCT_CATEGORY_ELECTRONICS' }],
    [2, { id: 2, name: 'Wool Socks', price: 16.5, category: 'PRODUCT_CATEGORY_CLOTHING' }],
  ]);
  return {
    async getProduct({ id }) {
      if (id <= 0) throw new ValidationError('id', 'ID must be positive');
      const product = products.get(id);
      if (!product) throw new BusinessError('PRODUCT_NOT_FOUND', 'Product not found', { code: status.NOT_FOUND });
      return { product };
    },
    async createProduct(request) {
      const product = { ...request, id: products.size + 1 };
      products.set(product.id, product);
      return { product };
    },
    async *listProducts() {
      yield* products.values();
    },
    createProducts: async () => ({}),
    async *chatWithProducts() {},
  };
}

/** Serves on a port that is free; answers with the server's address. */
export function serve(handlers, interceptors = [], serverCredentials = ServerCredentials.createInsecure()) {
  const server = new Server({ interceptors });
  server.addService(ProductService.service, implement(ProductService.service, { ...productHandlers(), ...handlers }));
  return listen(server, serverCredentials);
}

/** Listens on a port that is free; answers with the address. The server does not keep the program alive. */
export function listen(server, serverCredentials = ServerCredentials.createInsecure()) {
  return new Promise((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', serverCredentials, (error, port) =>
      error ? reject(error) : resolve({ server, address: `127.0.0.1:${port}`, close: () => server.forceShutdown() }),
    );
  });
}

/** A client whose methods answer with promises and async iterables. */
export function connect(address, options = {}, channelCredentials = credentials.createInsecure()) {
  return promiseClient(new ProductService(address, channelCredentials, options));
}
