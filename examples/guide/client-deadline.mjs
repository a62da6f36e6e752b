// Guide, "Client Implementation": a client whose calls have one second, like the guide's context.WithTimeout.
import { status } from '@grpc/grpc-js';
import { deadlineClientInterceptor } from 'grpc-js-middleware/deadlines';
import { connect, productHandlers, serve } from './product-service.mjs';

const handlers = productHandlers();
const { address, close } = await serve({
  ...handlers,
  // The call's signal aborts when its deadline has passed: a handler that listens to it stops working.
  createProduct: (_request, { signal }) =>
    new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(signal.reason))),
});

const client = connect(address, { interceptors: [deadlineClientInterceptor({ defaultMs: 1_000 })] });
console.log('Product:', (await client.getProduct({ id: 1 })).product.name);
for await (const { name } of client.listProducts({ page: 1, pageSize: 10 })) console.log('Received product:', name);

const tooSlow = client.createProduct({ name: 'Laptop', price: 999.99, stock: 10 });
await tooSlow.catch(({ code }) => console.log('After one second:', status[code]));
client.close();
close();
