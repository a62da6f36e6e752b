import {
  create,
  createFileRegistry,
  fromBinary,
  fromJson,
  toBinary,
  toJson,
  type DescMessage,
  type JsonValue,
} from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema, FileDescriptorSetSchema } from '@bufbuild/protobuf/wkt';
import { type MethodDefinition } from '@grpc/grpc-js';
import { ValidationError } from 'grpc-js-middleware';
import { fileDescriptorProtos } from '../gen/descriptors.js';

/** Translates the messages of one method between protobuf's JSON mapping and what its client takes and gives. */
export interface Transcoder {
  /** @throws ValidationError when the JSON is not what the proto says. */
  toRequest(json: unknown): unknown;
  toJson(response: unknown): JsonValue;
}

type Definition = MethodDefinition<unknown, unknown>;

const registry = createFileRegistry(
  create(FileDescriptorSetSchema, {
    file: fileDescriptorProtos.map((file) => fromBinary(FileDescriptorProtoSchema, Buffer.from(file, 'base64'))),
  }),
);

/** The transcoder of a method of the shop, by the descriptors that its reflection serves too. */
export function transcoderOf({ path, requestDeserialize, responseSerialize }: Definition): Transcoder {
  const [, service, name] = path.split('/');
  const method = registry.getService(service!)?.methods.find((each) => each.name === name);
  if (method === undefined) throw new Error(`The descriptors do not know ${path}: run npm run generate.`);
  const { input, output } = method;
  return {
    toRequest: (json) => requestDeserialize(Buffer.from(toBinary(input, parse(input, json)))),
    toJson: (response) => toJson(output, fromBinary(output, responseSerialize(response)), { alwaysEmitImplicit: true }),
  };
}

function parse(schema: DescMessage, json: unknown) {
  try {
    return fromJson(schema, json as JsonValue);
  } catch (error) {
    throw misfit(schema, error);
  }
}

/** Names what does not fit, and never repeats it: it may be a card number. */
function misfit(schema: DescMessage, error: unknown): ValidationError {
  const { cause } = error as Error;
  const field = (cause as { field?: () => { readonly name: string } } | undefined)?.field?.().name ?? 'message';
  return new ValidationError(field, `is not what ${schema.typeName} allows`);
}
