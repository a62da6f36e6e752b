import * as stable from '@opentelemetry/semantic-conventions';
import * as incubating from '@opentelemetry/semantic-conventions/incubating';
import { expect, test } from 'vitest';
import * as ours from './conventions.js';

const attributes = [
  'ATTR_RPC_SYSTEM_NAME',
  'ATTR_RPC_METHOD',
  'ATTR_RPC_STATUS_CODE',
  'ATTR_ERROR_TYPE',
  'ATTR_SERVER_ADDRESS',
  'ATTR_SERVER_PORT',
  'ATTR_NETWORK_PEER_ADDRESS',
  'ATTR_NETWORK_PEER_PORT',
] as const;

test.each(attributes)('%s is the stable one', (name) => {
  expect(ours[name]).toBe(stable[name]);
});

const prefixes = ['ATTR_RPC_REQUEST_HEADER', 'ATTR_RPC_RESPONSE_HEADER', 'ATTR_RPC_RESPONSE_TRAILER'] as const;

test.each(prefixes)('%s is the prefix of the experimental one', (name) => {
  expect(`${ours[name]}x-shop`).toBe(incubating[name]('x-shop'));
});
