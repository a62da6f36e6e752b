import { describe, expect, test } from 'vitest';
import { hostAndPort, serverOfTarget } from './network-address.js';

describe('hostAndPort', () => {
  test.each([
    ['shop.example:443', { address: 'shop.example', port: 443 }],
    ['shop.example', { address: 'shop.example' }],
    ['10.0.0.7:5005', { address: '10.0.0.7', port: 5005 }],
    ['[::1]:5005', { address: '::1', port: 5005 }],
    ['[::1]', { address: '::1' }],
    ['::ffff:10.0.0.7:5005', { address: '::ffff:10.0.0.7', port: 5005 }],
    ['/run/shop.sock', { address: '/run/shop.sock' }],
    [':443', { address: ':443' }],
  ])('%s', (text, expected) => {
    expect(hostAndPort(text)).toEqual(expected);
  });

  test('a very long authority is cut', () => {
    expect(hostAndPort(`${'a'.repeat(10_000)}:443`)).toEqual({ address: 'a'.repeat(255), port: 443 });
  });

  test('many different authorities are all read rightly', () => {
    for (let i = 0; i < 2_000; i++) expect(hostAndPort(`host-${i}:${i}`)).toEqual({ address: `host-${i}`, port: i });
  });
});

describe('serverOfTarget', () => {
  test.each([
    ['localhost:50051', { address: 'localhost', port: 50051 }],
    ['dns:localhost:50051', { address: 'localhost', port: 50051 }],
    ['dns:///shop.example:443', { address: 'shop.example', port: 443 }],
    ['dns://1.2.3.4/grpc.io:50051', { address: 'grpc.io', port: 50051 }],
    ['dns:shop.example', { address: 'shop.example' }],
    ['shop.example', { address: 'shop.example' }],
    ['ipv4:127.0.0.1:50051', { address: '127.0.0.1', port: 50051 }],
    ['ipv6:[::1]:50051', { address: '::1', port: 50051 }],
    ['ipv4:127.0.0.1:1,127.0.0.1:2', { address: 'ipv4:127.0.0.1:1,127.0.0.1:2' }],
    ['unix:///run/shop.sock', { address: '/run/shop.sock' }],
    ['unix:/run/shop.sock', { address: '/run/shop.sock' }],
    ['unix:relative.sock', { address: 'relative.sock' }],
    ['static:///product-service', { address: 'product-service' }],
    ['xds:///shop', { address: 'shop' }],
    ['', { address: '' }],
  ])('%s', (target, expected) => {
    expect(serverOfTarget(target)).toEqual(expected);
  });
});
