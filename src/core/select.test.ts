import { status, type Interceptor, type ServerInterceptor } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { echoCall, kinds } from '../../test/support/echo-call.js';
import { echoServer, type EchoServer } from '../../test/support/echo-server.js';
import { implement } from '../promises/index.js';
import { EchoServiceService } from '../gen/grpc_js_middleware/testing/v1/echo.js';
import { defineClientInterceptor, defineServerInterceptor } from './define.js';
import type { CallEnd } from './hooks.js';
import type { MethodMatch } from './match.js';
import { exceptMethods, forMethods } from './select.js';
import { eventually } from '../../test/support/until.js';

const response = { text: 'hello', count: 1, payload: Buffer.alloc(0) };
const answering = implement(EchoServiceService, {
  echo: () => response,
  serverEcho: () => [response],
  clientEcho: () => response,
  bidiEcho: () => [response],
});

let server: EchoServer | undefined;
let ends: CallEnd[];
const onEnd = (end: CallEnd): void => void ends.push(end);
const recordOnServer = defineServerInterceptor('record', () => () => ({ onEnd }));
const recordOnClient = defineClientInterceptor('record', () => () => ({ onEnd }));

async function call(kind: (typeof kinds)[number], onServer: ServerInterceptor[], onClient: Interceptor[] = []) {
  server = await echoServer(onServer, answering);
  return echoCall(server.connect({ interceptors: onClient }), kind, [{}]).seen;
}

beforeEach(() => {
  ends = [];
  vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined);
});
afterEach(() => {
  server?.close();
  vi.restoreAllMocks();
});

function raise(): never {
  throw new Error('secret');
}

const broken: [string, MethodMatch][] = [
  ['throws', () => raise()],
  ['rejects', (async () => raise()) as never],
  ['answers a promise', (async () => false) as never],
  ['answers nothing', (() => undefined) as never],
  ['throws in a list', ['a.B/C', () => raise()]],
];

describe.each(kinds)('%s', (kind) => {
  const seen: string[] = [];
  const touch = defineServerInterceptor('touch', () => () => ({ admit: () => void seen.push('server') }));
  const touchClient = defineClientInterceptor('touch', () => () => ({ admit: () => void seen.push('client') }));
  beforeEach(() => void (seen.length = 0));

  test('calls of the methods chosen, and of no others, are seen', async () => {
    const { code } = await call(
      kind,
      [forMethods('*', touch), exceptMethods('*', touch)],
      [exceptMethods('a.B/*', touchClient), forMethods('a.B/*', touchClient)],
    );
    expect({ code, seen }).toEqual({ code: status.OK, seen: ['client', 'server'] });
  });

  describe.each([
    ['forMethods', forMethods],
    ['exceptMethods', exceptMethods],
  ])('%s whose match', (_name, select) => {
    test.each(broken)('%s refuses the call on the server, and shows nothing of it', async (_how, match) => {
      const { code, details } = await call(kind, [recordOnServer, select(match, touch)]);
      expect({ code, details, seen }).toEqual({ code: status.UNKNOWN, details: 'Unknown error', seen: [] });
      await eventually(() => expect(ends).toMatchObject([{ code: status.UNKNOWN, origin: 'interceptor' }]));
    });

    test.each(broken)('%s fails the call on the client', async (_how, match) => {
      const { code, details } = await call(kind, [touch], [recordOnClient, select(match, touchClient)]);
      expect({ code, seen }).toEqual({ code: status.UNKNOWN, seen: [] });
      expect(details).not.toContain('secret');
      expect(ends).toMatchObject([{ code: status.UNKNOWN, origin: 'interceptor' }]);
    });
  });
});
