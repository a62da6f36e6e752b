import { Server, ServerCredentials, loadPackageDefinition, status } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { BusinessError, errorServerInterceptor, implement } from 'grpc-js-middleware';
import { loggingServerInterceptor } from 'grpc-js-middleware/logging';
import { pino } from 'pino';

const { shop } = loadPackageDefinition(loadSync('shop.proto'));
const products = new Map([
  [1, { id: 1, name: 'Teapot' }],
  [2, { id: 2, name: 'Kettle' }],
]);

const server = new Server({
  interceptors: [loggingServerInterceptor({ logger: pino() }), errorServerInterceptor()],
});

server.addService(
  shop.Shop.service,
  implement(shop.Shop.service, {
    async getProduct({ id }) {
      const product = products.get(id);
      if (!product) throw new BusinessError('PRODUCT_NOT_FOUND', `No product ${id}`, { code: status.NOT_FOUND });
      return product;
    },
    async *listProducts() {
      yield* products.values();
      throw new Error('connect ECONNREFUSED 10.0.3.7:5432'); // as a database's driver says it
    },
  }),
);

server.bindAsync(`127.0.0.1:${process.env.PORT ?? 50051}`, ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error;
  console.log(`Listening on port ${port}`);
});
