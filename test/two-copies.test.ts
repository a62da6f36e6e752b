// An application may load this library twice: as ES module and as CommonJS, or once more through a dependency. The two
// copies then have to agree about calls and errors.
import { status } from '@grpc/grpc-js';
import * as one from 'grpc-js-middleware';
import { expect, test, vi } from 'vitest';
import { EchoServiceService } from '../src/gen/grpc_js_middleware/testing/v1/echo.js';
import { identityKey } from '../src/core/shared/identity.js';
import { echoCall, kinds } from './support/echo-call.js';
import { echoServer } from './support/echo-server.js';

vi.resetModules();
const other = await import('grpc-js-middleware');
const otherCore = await import('../src/core/shared/identity.js');

test('they are two', () => {
  expect(other.StatusError).not.toBe(one.StatusError);
});

test("each finds the other's context, and one end is told to both", async () => {
  const found: unknown[] = [];
  const ends: string[] = [];
  const identity = { subject: 'ann', scheme: 'test', roles: [], scopes: [], claims: {} };
  const server = await echoServer(
    [
      one.defineServerInterceptor('one', () => (call) => {
        call.set(identityKey, identity);
        return { onEnd: ({ code }) => void ends.push(`one ${code}`) };
      }),
      other.defineServerInterceptor('other', () => (call) => {
        found.push(call.get(otherCore.identityKey));
        return { onEnd: ({ code }) => void ends.push(`other ${code}`) };
      }),
    ],
    other.implement(EchoServiceService, {
      echo: ({ text }, call) => {
        found.push(one.currentCall() === call, other.currentCall() === call);
        return { text, count: 1, payload: Buffer.alloc(0) };
      },
      async *serverEcho() {},
      async clientEcho() {
        throw new one.ValidationError('id', 'ID must be positive');
      },
      async *bidiEcho() {},
    }),
  );
  for (const kind of kinds) await echoCall(server.connect(), kind, [{ text: 'a' }]).seen;
  server.close();
  expect(found).toEqual([identity, true, true, identity, identity, identity]);
  expect(ends.toSorted()).toEqual([
    ...['one 0', 'one 0', 'one 0', 'one 3'],
    ...['other 0', 'other 0', 'other 0', 'other 3'],
  ]);
});

test("each knows the other's errors", () => {
  const error = new one.ValidationError('id', 'ID must be positive');
  expect(error).toBeInstanceOf(other.ValidationError);
  expect(error).toBeInstanceOf(other.StatusError);
  expect(other.isStatusError(error)).toBe(true);
  expect(other.StatusError.from(error)).toBe(error);
  expect(new other.BusinessError('GONE', 'Gone')).toBeInstanceOf(one.BusinessError);
  expect(new other.StatusError(status.ABORTED, 'x')).not.toBeInstanceOf(one.BusinessError);
});
