import { status } from '@grpc/grpc-js';
import { expect, test } from 'vitest';
import { defaultClientLevel, defaultServerLevel } from './levels.js';

const { OK, CANCELLED, UNKNOWN, INVALID_ARGUMENT, DEADLINE_EXCEEDED, NOT_FOUND, ALREADY_EXISTS, PERMISSION_DENIED } =
  status;
const { RESOURCE_EXHAUSTED, FAILED_PRECONDITION, ABORTED, OUT_OF_RANGE, UNIMPLEMENTED, INTERNAL, UNAVAILABLE } = status;
const { DATA_LOSS, UNAUTHENTICATED } = status;

test.each([
  ['info', [OK, NOT_FOUND, CANCELLED, ALREADY_EXISTS, INVALID_ARGUMENT, UNAUTHENTICATED]],
  [
    'warn',
    [DEADLINE_EXCEEDED, PERMISSION_DENIED, RESOURCE_EXHAUSTED, FAILED_PRECONDITION, ABORTED, OUT_OF_RANGE, UNAVAILABLE],
  ],
  ['error', [UNKNOWN, UNIMPLEMENTED, INTERNAL, DATA_LOSS, 404 as status]],
])('a server says %s', (level, codes) => {
  for (const code of codes) expect(`${code} ${defaultServerLevel(code)}`).toBe(`${code} ${level}`);
});

test.each([
  [
    'debug',
    [
      OK,
      CANCELLED,
      INVALID_ARGUMENT,
      NOT_FOUND,
      ALREADY_EXISTS,
      RESOURCE_EXHAUSTED,
      FAILED_PRECONDITION,
      ABORTED,
      OUT_OF_RANGE,
    ],
  ],
  ['info', [UNKNOWN, DEADLINE_EXCEEDED, PERMISSION_DENIED, UNAUTHENTICATED, 404 as status]],
  ['warn', [UNIMPLEMENTED, INTERNAL, UNAVAILABLE, DATA_LOSS]],
])('a client says %s', (level, codes) => {
  for (const code of codes) expect(`${code} ${defaultClientLevel(code)}`).toBe(`${code} ${level}`);
});
