import { credentials, loadPackageDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { BusinessError, promiseClient } from 'grpc-js-middleware';

const { shop } = loadPackageDefinition(loadSync('shop.proto'));
const client = promiseClient(new shop.Shop(`localhost:${process.env.PORT ?? 50051}`, credentials.createInsecure()));

console.log(await client.getProduct({ id: 1 }));

try {
  await client.getProduct({ id: 7 });
} catch (error) {
  if (!(error instanceof BusinessError)) throw error;
  console.log(error.reason, '|', error.message);
}

try {
  for await (const { name } of client.listProducts({})) console.log(name);
} catch (error) {
  console.log(error.message); // the driver's words stay with the server: its log has them
}

client.close();
