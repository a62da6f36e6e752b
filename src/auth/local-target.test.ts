import { expect, test } from 'vitest';
import { isLocalTarget } from './local-target.js';

test.each([
  'localhost:1',
  'LOCALHOST',
  '127.0.0.1:1',
  '127.1.2.3',
  '[::1]:1',
  '::1',
  'dns:localhost:1',
  'dns:///localhost:1',
  'dns://8.8.8.8/127.0.0.1:1',
  '[0:0:0:0:0:0:0:1]:1',
  '[::ffff:127.0.0.1]:1',
  'dns:[::1]:1',
  'ipv4:127.0.0.1:1,127.0.0.2:1',
  'ipv6:[::1]:1',
  'ipv6:::1',
  'unix:/run/shop.sock',
  'unix:///run/shop.sock',
  'unix-abstract:shop',
])('%s is this machine', (target) => {
  expect(isLocalTarget(target)).toBe(true);
});

test.each([
  '',
  'shop.example:443',
  'shop.localhost:1',
  'localhost.',
  'dns://8.8.8.8/localhost:1',
  'dns://127.0.0.1/localhost',
  '127.300.1.1:1',
  '127.0.0.256',
  '127.0.0.010:1',
  '127.1',
  '0127.0.0.1',
  '[::ffff:127.300.0.1]:1',
  '[::ffff:10.0.0.1]:1',
  '[::1:1]:1',
  '[1::1]:1',
  'ipv4:localhost:1',
  'localhost.example:1',
  '127.0.0.1.example:1',
  'notlocalhost',
  '10.0.0.1:1',
  '0.0.0.0:1',
  '[::2]:1',
  '[::]:1',
  '2001:db8::1',
  'dns:///shop.example',
  'dns://127.0.0.1/shop.example',
  'dns://localhost',
  'ipv4:127.0.0.1:1,10.0.0.1:1',
  'ipv6:[::1]:1,[2001:db8::1]:1',
  'static:///localhost:1',
  'static:localhost',
  'xds:///localhost',
  'localhost@evil.example',
  'evil.example/unix:',
])('%s need not be', (target) => {
  expect(isLocalTarget(target)).toBe(false);
});
