import type { Server } from '@grpc/grpc-js';
import { ReflectionService } from '@grpc/reflection';
import { fileDescriptorProtos } from '../gen/descriptors.js';

const descriptors = fileDescriptorProtos.map((file) => Buffer.from(file, 'base64'));

/** Lets tools such as `buf curl` ask what a server offers; it names the given services. */
export function addReflection(server: Server, services: readonly string[]): void {
  // The only part of a package definition that the reflection service reads.
  const definition = { shop: { fileDescriptorProtos: descriptors } } as unknown as ConstructorParameters<
    typeof ReflectionService
  >[0];
  new ReflectionService(definition, { services: [...services] }).addToServer(server);
}
