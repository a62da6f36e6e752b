import type { ServiceDefinition } from '@grpc/grpc-js';
import { describe, expect, test } from 'vitest';
import { methodOf, type Method } from '../core/method.js';
import { EchoServiceService } from '../testing/index.js';
import { allow } from './allow.js';
import { definePolicy, healthAndReflection, type PolicyRules } from './policy.js';

const method = (path: string): Method => methodOf({ path, requestStream: false, responseStream: false });
const ECHO = 'grpc_js_middleware.testing.v1.EchoService';

describe('the most specific rule decides', () => {
  const lines: [string, PolicyRules[string]][] = [
    ['*', allow.role('root')],
    ['a.B/*', allow.authenticated],
    ['/a.B/C', allow.anyone],
  ];

  test.each([
    ['as they are', lines],
    ['turned round', lines.toReversed()],
  ])('in whatever order the lines stand: %s', (_, ordered) => {
    const policy = definePolicy(Object.fromEntries(ordered));
    expect(policy.ruleFor(method('/a.B/C'))).toBe(allow.anyone);
    expect(policy.ruleFor(method('/a.B/D'))).toBe(allow.authenticated);
    expect(policy.ruleFor(method('/a.Bb/C'))?.description).toBe('role root');
  });

  test('and where none fits there is none', () => {
    const policy = definePolicy({ 'a.B/C': allow.anyone });
    expect(policy.ruleFor(method('/a.B/D'))).toBeUndefined();
    expect(policy.ruleFor(method('/__proto__/toString'))).toBeUndefined();
  });
});

describe('assertCovers', () => {
  test('passes when every method has a rule and every rule a method', () => {
    const policy = definePolicy({ [`${ECHO}/Echo`]: allow.anyone, [`${ECHO}/*`]: allow.authenticated });
    expect(() => policy.assertCovers(EchoServiceService as ServiceDefinition)).not.toThrow();
  });

  test('lists every method without a rule and every rule without a method', () => {
    const policy = definePolicy({
      [`${ECHO}/Echo`]: allow.anyone,
      [`${ECHO}/Ecco`]: allow.anyone,
      'shop.Orders/*': allow.authenticated,
    });
    expect(() => policy.assertCovers(EchoServiceService)).toThrow(
      [
        'the policy does not cover the services:',
        `  method without a rule, so nobody may call it: ${ECHO}/ServerEcho`,
        `  method without a rule, so nobody may call it: ${ECHO}/ClientEcho`,
        `  method without a rule, so nobody may call it: ${ECHO}/BidiEcho`,
        `  rule without a method: ${ECHO}/Ecco`,
        '  rule without a method: shop.Orders/*',
      ].join('\n'),
    );
  });

  test('does not miss health and reflection where they are not served', () => {
    const policy = definePolicy({ ...healthAndReflection, [`${ECHO}/*`]: allow.anyone });
    expect(() => policy.assertCovers(EchoServiceService)).not.toThrow();
    expect(policy.ruleFor(method('/grpc.health.v1.Health/Check'))?.description).toBe('anyone');
    expect(policy.ruleFor(method('/grpc.reflection.v1.ServerReflection/ServerReflectionInfo'))).toBeDefined();
    expect(policy.ruleFor(method('/grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo'))).toBeDefined();
  });
});

describe('what is no policy is refused at construction', () => {
  const wrong: Record<string, [unknown, RegExp]> = {
    'no rules': [undefined, /rules must be an object/],
    'a pattern without a method': [{ 'a.B': allow.anyone }, /rules\['a\.B'\] must be 'pkg\.Service\/Name'/],
    'a pattern with a star in the middle': [{ 'a.*/C': allow.anyone }, /rules\['a\.\*\/C'\] must be/],
    'an empty pattern': [{ '': allow.anyone }, /must be 'pkg/],
    'a pattern twice': [{ 'a.B/C': allow.anyone, '/a.B/C': allow.anyone }, /rules\['\/a\.B\/C'\] must be there once/],
    'a rule that was not called': [{ 'a.B/C': allow.role }, /must be a rule/],
    'a rule of one’s own making': [{ 'a.B/C': { description: 'anyone' } }, /must be a rule/],
    'a rule that is true': [{ 'a.B/C': true }, /must be a rule/],
  };

  test.each(Object.keys(wrong))('%s', (name) => {
    const [rules, message] = wrong[name]!;
    expect(() => definePolicy(rules as PolicyRules)).toThrow(message);
  });

  test('rules made of nothing', () => {
    const loose = allow as unknown as Record<string, (...given: unknown[]) => unknown>;
    expect(() => loose.role!()).toThrow(/allow\.role: roles must be one or more/);
    expect(() => loose.scope!('')).toThrow(/allow\.scope/);
    expect(() => loose.when!(true)).toThrow(/allow\.when: check must be a function/);
    expect(() => loose.request!()).toThrow(/allow\.request/);
    expect(() => loose.any!()).toThrow(/allow\.any/);
    expect(() => loose.all!(allow.role)).toThrow(/allow\.all/);
  });
});

test('rules say what they are, for logs', () => {
  const own = allow.request(function own() {
    return true;
  });
  expect(allow.any(allow.role('admin', 'support'), allow.all(allow.scope('read', 'write'), own)).description).toBe(
    'any of (role admin or support; all of (scope read and write; request own))',
  );
});
