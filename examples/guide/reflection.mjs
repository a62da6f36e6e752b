// Guide, "reflection.Register(s)": clients such as grpcurl learn the services from the server itself.
import { createRequire } from 'node:module';
import { credentials, loadPackageDefinition } from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { ReflectionService } from '@grpc/reflection';
import { definition, serve } from './product-service.mjs';

const { server, address, close } = await serve();
new ReflectionService(definition).addToServer(server);

// What grpcurl does: it asks for the names of the services.
const file = createRequire(import.meta.url).resolve('@grpc/reflection/build/proto/grpc/reflection/v1/reflection.proto');
const { ServerReflection } = loadPackageDefinition(loadSync(file)).grpc.reflection.v1;
const client = new ServerReflection(address, credentials.createInsecure());
const conversation = client.serverReflectionInfo();
conversation.on('data', ({ listServicesResponse }) => {
  for (const { name } of listServicesResponse.service) console.log('Serves', name);
  conversation.end();
});
conversation.on('end', () => {
  client.close();
  close();
});
conversation.write({ listServices: '' });
