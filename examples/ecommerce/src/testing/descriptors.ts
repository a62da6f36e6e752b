import { create, createFileRegistry, fromBinary, type DescMethod } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { fileDescriptorProtos } from '../gen/descriptors.js';

const registry = createFileRegistry(
  create(FileDescriptorSetSchema, {
    file: fileDescriptorProtos.map((base64) => fromBinary(FileDescriptorProtoSchema, Buffer.from(base64, 'base64'))),
  }),
);

/** What the protos say of an RPC, such as `ecommerce.ProductService/GetProduct`. */
export function describeRpc(rpc: string): DescMethod {
  const [service, name] = rpc.split('/') as [string, string];
  return registry.getService(service)!.methods.find((method) => method.name === name)!;
}
