// Guide, "Server Streaming RPC": one request, many responses, sent as fast as the client reads.
import { connect, serve } from './product-service.mjs';

const products = [
  { id: 1, name: 'Laptop', category: 'PRODUCT_CATEGORY_ELECTRONICS' },
  { id: 2, name: 'Wool Socks', category: 'PRODUCT_CATEGORY_CLOTHING' },
  { id: 3, name: 'Mouse', category: 'PRODUCT_CATEGORY_ELECTRONICS' },
];

const { address, close } = await serve({
  async *listProducts({ category }) {
    for (const product of products) {
      if (category === 'PRODUCT_CATEGORY_UNSPECIFIED' || category === product.category) yield product;
    }
  },
});

const client = connect(address);
for await (const { id, name } of client.listProducts({ category: 'PRODUCT_CATEGORY_ELECTRONICS' })) {
  console.log('Received:', id, name);
}
client.close();
close();
