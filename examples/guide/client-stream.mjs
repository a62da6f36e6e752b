// Guide, "Client Streaming RPC": many requests, one response.
import { connect, serve } from './product-service.mjs';

const { address, close } = await serve({
  async createProducts(requests) {
    const products = [];
    for await (const request of requests) products.push({ ...request, id: products.length + 1 });
    const totalPrice = products.reduce((sum, { price }) => sum + price, 0);
    return { products, totalPrice, count: products.length };
  },
});

const client = connect(address);
const { count, totalPrice } = await client.createProducts([
  { name: 'Laptop', price: 999.5 },
  { name: 'Mouse', price: 24.5 },
]);
console.log(`Created ${count} products for $${totalPrice}`);
client.close();
close();
