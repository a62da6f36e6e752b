// Guide, "Unary RPC": one request, one response.
import { BusinessError } from 'grpc-js-middleware';
import { errorServerInterceptor } from 'grpc-js-middleware/errors';
import { status } from '@grpc/grpc-js';
import { connect, serve } from './product-service.mjs';

const products = new Map();

const { address, close } = await serve(
  {
    async getProduct({ id }) {
      const product = products.get(id);
      if (!product) throw new BusinessError('PRODUCT_NOT_FOUND', 'Product not found', { code: status.NOT_FOUND });
      return { product };
    },
    async createProduct(request) {
      const product = { ...request, id: products.size + 1 };
      products.set(product.id, product);
      return { product };
    },
  },
  [errorServerInterceptor()],
);

const client = connect(address);
const { product } = await client.createProduct({ name: 'Laptop', price: 999.99, stock: 10 });
console.log('Created:', product.id, product.name);
console.log('Got:', (await client.getProduct({ id: 1 })).product.name);
await client.getProduct({ id: 7 }).catch(({ code, details }) => console.log(status[code], details));
client.close();
close();
