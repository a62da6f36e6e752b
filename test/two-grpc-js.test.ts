// A second copy of grpc-js in one process, or one that is too old. The packed tests install a really old one.
import * as second from 'grpc-js-lowest';
import type * as Root from 'grpc-js-middleware';
import type * as GrpcJs from '@grpc/grpc-js';
import { promiseClient } from 'grpc-js-middleware';
import { EchoServiceService } from 'grpc-js-middleware/testing';
import { afterEach, describe, expect, test, vi } from 'vitest';

afterEach(() => {
  vi.doUnmock('@grpc/grpc-js');
  vi.resetModules();
});

test('promiseClient refuses a client of another copy of grpc-js, and says how to find it', () => {
  const EchoClient = second.makeGenericClientConstructor(EchoServiceService, 'Echo');
  const client = new EchoClient('127.0.0.1:1', second.credentials.createInsecure());
  expect(() => promiseClient(client as never)).toThrow(
    /^promiseClient: the client is made by another copy of @grpc\/grpc-js than the one that grpc-js-middleware loads.*: `npm ls @grpc\/grpc-js` shows who brings it/,
  );
  client.close();
});

test('promiseClient takes a stand-in of a test, which is not a client of any copy', () => {
  class FakeClient {
    static service = EchoServiceService;
  }
  expect(() => promiseClient(new FakeClient() as never)).not.toThrow();
});

describe('with a grpc-js that is too old', () => {
  const import1 = async (): Promise<typeof Root> => {
    vi.resetModules();
    vi.doMock('@grpc/grpc-js', async (original) => {
      const real = await original<typeof GrpcJs>();
      return { ...real, ServerInterceptingCall: class {} };
    });
    return import('grpc-js-middleware');
  };
  const text =
    /^grpc-js-middleware needs @grpc\/grpc-js 1\.14\.5 or later and loads an older one.*: `npm ls @grpc\/grpc-js` shows/;

  test('everything that is made says so', async () => {
    const old = await import1();
    expect(() => old.errorServerInterceptor()).toThrow(text);
    expect(() => old.errorClientInterceptor()).toThrow(text);
    expect(() => old.defineServerInterceptor('a', () => undefined)).toThrow(text);
    expect(() => old.implement({}, {})).toThrow(text);
    expect(() => old.guardHandlers({})).toThrow(text);
    expect(() => old.promiseClient({} as never)).toThrow(text);
  });
});
