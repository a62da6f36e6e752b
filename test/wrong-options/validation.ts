import * as validation from 'grpc-js-middleware/validation';
import { wrong, wrongArgument, wrongOptions, type WithoutOptions, type WrongCalls } from '../support/wrong.js';

const descriptor = { kind: 'message', typeName: 'a.B' } as const;
const validator = { validate: () => ({ kind: 'valid' }) as const };

export const wrongCalls: WrongCalls = {
  validationServerInterceptor: [
    ...wrongOptions<validation.ValidationOptions>(
      'validationServerInterceptor',
      validation.validationServerInterceptor,
      {},
      {
        rules: [...wrong.object, { 'a.B/C': {} }],
        messageRules: [...wrong.object, { 'a.B': 5 }],
        validateResponses: [null, 'x', 5, [], { 'a.B/C': 'x' }],
      },
    ),
    ...wrongArgument('validationServerInterceptor: rules', ['nonsense', 'a.B'], (name) =>
      validation.validationServerInterceptor({ rules: { [name]: () => [] } }),
    ),
  ],
  standardSchema: [
    ...wrongArgument('standardSchema: schema', [undefined, ...wrong.foreign], (each) =>
      validation.standardSchema(each),
    ),
    ...wrongOptions<validation.StandardSchemaOptions>(
      'standardSchema',
      (options) => validation.standardSchema({ '~standard': { version: 1, validate: () => ({}) } }, options),
      {},
      { fieldName: wrong.function },
    ),
  ],
  protovalidateRule: wrongOptions<validation.ProtovalidateRuleOptions>(
    'protovalidateRule',
    validation.protovalidateRule,
    { validator, schema: descriptor },
    {
      validator: [undefined, ...wrong.foreign],
      schema: [undefined, ...wrong.foreign],
      toMessage: wrong.function,
    },
  ),
  protovalidateRules: wrongOptions<validation.ProtovalidateRulesOptions>(
    'protovalidateRules',
    validation.protovalidateRules,
    {
      validator,
      service: { kind: 'service', typeName: 'a.B', methods: [] },
      definition: {},
      fromBinary: () => ({}),
    },
    {
      validator: [undefined, ...wrong.foreign],
      service: [undefined, ...wrong.foreign],
      definition: [undefined, ...wrong.object],
      fromBinary: [undefined, ...wrong.function],
    },
  ),
};

export const withoutOptions: WithoutOptions = {
  snakeCase: 'takes a name',
};
