import {
  create,
  createFileRegistry,
  fromBinary,
  setExtension,
  type DescService,
  type MessageInitShape,
} from '@bufbuild/protobuf';
import {
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
  FieldDescriptorProtoSchema,
  FieldOptionsSchema,
  FileDescriptorProtoSchema,
} from '@bufbuild/protobuf/wkt';
import { createValidator } from '@bufbuild/protovalidate';
import {
  FieldRulesSchema,
  field as fieldRules,
  file_buf_validate_validate as validateProto,
} from '@bufbuild/protovalidate/gen/buf/validate/validate_pb.js';
import { status } from '@grpc/grpc-js';
import { describe, expect, test } from 'vitest';
import { EchoRequest, EchoServiceService } from '../gen/grpc_js_middleware/testing/v1/echo.js';
import { checkMessage } from './check-message.js';
import {
  protovalidateRule,
  protovalidateRules,
  type MessageDescriptor,
  type RequestEncoders,
} from './protovalidate.js';

const pkg = 'grpc_js_middleware.testing.v1';

/** EchoService as a proto with `buf.validate` options would declare it. */
const echoService = declareEchoService({
  text: { type: { case: 'string', value: { wellKnown: { case: 'email', value: true } } } },
  count: { type: { case: 'int32', value: { lessThan: { case: 'lte', value: 3 } } } },
});
const echoRequest = echoService.methods[0]!.input;
const validator = createValidator();

function declareEchoService(rules: Record<'text' | 'count', MessageInitShape<typeof FieldRulesSchema>>): DescService {
  const field = (name: 'text' | 'count', number: number, type: Type) => {
    const options = create(FieldOptionsSchema);
    setExtension(options, fieldRules, create(FieldRulesSchema, rules[name]));
    return create(FieldDescriptorProtoSchema, { name, number, type, label: Label.OPTIONAL, options });
  };
  const method = (name: string) => ({ name, inputType: `.${pkg}.EchoRequest`, outputType: `.${pkg}.EchoRequest` });
  const file = create(FileDescriptorProtoSchema, {
    name: 'echo.proto',
    package: pkg,
    syntax: 'proto3',
    dependency: ['buf/validate/validate.proto'],
    messageType: [{ name: 'EchoRequest', field: [field('text', 1, Type.STRING), field('count', 2, Type.INT32)] }],
    service: [{ name: 'EchoService', method: ['Echo', 'ServerEcho', 'ClientEcho', 'BidiEcho'].map(method) }],
  });
  const registry = createFileRegistry(file, (name) => (name === validateProto.proto.name ? validateProto : undefined));
  return registry.getService(`${pkg}.EchoService`)!;
}

describe('protovalidateRules', () => {
  const rules = protovalidateRules({ validator, service: echoService, definition: EchoServiceService, fromBinary });

  test('a rule for each method', () => {
    expect(Object.keys(rules)).toEqual(
      ['Echo', 'ServerEcho', 'ClientEcho', 'BidiEcho'].map((m) => `${pkg}.EchoService/${m}`),
    );
  });

  test("messages of the server's own codec are checked, all violations at once", () => {
    const rule = rules[`${pkg}.EchoService/Echo`]!;
    expect(rule(EchoRequest.fromPartial({ text: 'nobody', count: 4 }))).toEqual([
      { field: 'text', description: expect.stringContaining('email') as string, reason: 'STRING_EMAIL' },
      { field: 'count', description: expect.stringContaining('3') as string, reason: 'INT32_LTE' },
    ]);
    expect(rule(EchoRequest.fromPartial({ text: 'a@b.example', count: 3 }))).toEqual([]);
  });

  test('a method that the definition lacks is refused at construction', () => {
    const { echo } = EchoServiceService;
    expect(() => protovalidateRules({ validator, service: echoService, definition: { echo }, fromBinary })).toThrow(
      `protovalidateRules: definition must be one with ${pkg}.EchoService/ServerEcho`,
    );
  });
});

describe('protovalidateRule', () => {
  test('takes protobuf-es messages as they are', () => {
    const rule = protovalidateRule({ validator, schema: echoRequest });
    expect(rule(create(echoRequest, { text: 'nobody' }))).toMatchObject([{ field: 'text' }]);
  });

  test('a rule that cannot be evaluated is INTERNAL, never accepted', () => {
    const broken = declareEchoService({
      text: { cel: [{ id: 'x', expression: 'this..nonsense' }] },
      count: {},
    });
    const schema = broken.methods[0]!.input;
    const rule = protovalidateRule({ validator, schema });
    expect(() => checkMessage([rule], create(schema))).toThrow(
      expect.objectContaining({ code: status.INTERNAL, details: 'Internal error' }) as Error,
    );
  });

  test('wrong options are refused', () => {
    const wrong = {} as unknown;
    expect(() => protovalidateRule({ validator: wrong as typeof validator, schema: echoRequest })).toThrow(
      /validator must be/,
    );
    expect(() => protovalidateRule({ validator, schema: wrong as MessageDescriptor })).toThrow(/schema must be/);
    expect(() => protovalidateRule({ validator, schema: echoRequest, toMessage: 7 as never })).toThrow(
      /toMessage must be/,
    );
    expect(() =>
      protovalidateRules({
        validator,
        service: wrong as DescService,
        definition: wrong as RequestEncoders,
        fromBinary,
      }),
    ).toThrow(/service must be/);
  });
});
