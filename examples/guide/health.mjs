// Guide, "Health Checking": a server that says how its service is, and a client that asks.
import { HealthService, checkHealth } from 'grpc-js-middleware/health';
import { productHandlers, serve } from './product-service.mjs';

const { server, address, close } = await serve(productHandlers());
const health = new HealthService({ services: ['ecommerce.ProductService'] });
health.addTo(server);
const ask = async () =>
  console.log('Health status:', await checkHealth(address, { service: 'ecommerce.ProductService' }));

await ask();
health.setStatus('ecommerce.ProductService', 'NOT_SERVING');
await ask();
health.close();
close();
