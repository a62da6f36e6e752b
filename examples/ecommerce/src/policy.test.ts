import type { ServiceDefinition } from '@grpc/grpc-js';
import { expect, test } from 'vitest';
import { policy } from './policy.js';
import { allServices } from './services/index.js';

const definitions = allServices.map(({ definition }) => definition);

test('every RPC has a rule, and every rule an RPC', () => {
  expect(() => policy.assertCovers(...definitions)).not.toThrow();
});

test('an RPC that somebody adds without a rule keeps the shop closed', () => {
  const { getProduct } = definitions[0]!;
  const added: ServiceDefinition = { drop: { ...getProduct!, path: '/ecommerce.ProductService/DropAll' } };

  expect(() => policy.assertCovers(...definitions, added)).toThrow('ecommerce.ProductService/DropAll');
});

test('open to everybody is this, and nothing else', () => {
  const paths = definitions.flatMap((definition) => Object.values(definition).map(({ path }) => path));
  const open = paths.filter((path) => {
    const [, service, name] = path.split('/') as [string, string, string];
    return policy.ruleFor({ path, service, name, kind: 'unary' })?.description === 'anyone';
  });

  expect(open.sort()).toEqual([
    '/analytics.AnalyticsService/TrackEvent',
    '/ecommerce.ProductService/GetProduct',
    '/ecommerce.ProductService/ListProducts',
    '/ecommerce.ProductService/SearchProducts',
    '/user.UserService/CreateUser',
  ]);
});
