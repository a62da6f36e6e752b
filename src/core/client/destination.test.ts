import { status, InterceptingCall, type ClientOptions, type Interceptor } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { echoCall, kinds } from '../../../test/support/echo-call.js';
import { echoServer, type EchoServer } from '../../../test/support/echo-server.js';
import type { EchoServiceClient } from '../../gen/grpc_js_middleware/testing/v1/echo.js';
import { defineClientInterceptor } from '../define.js';
import { StatusError } from '../status/status-error.js';
import { channelSecurityOf, type ChannelSecurity } from './client-call.js';

let server: EchoServer;
beforeEach(async () => {
  server = await echoServer([], {});
});
afterEach(() => {
  server.close();
  vi.unstubAllEnvs();
});

/** How many calls a client's channel counts as open. */
const openCalls = (client: EchoServiceClient): number =>
  (client.getChannel() as unknown as { internalChannel: { callCount: number } }).internalChannel.callCount;

const foreign: Interceptor = (options, nextCall) => new InterceptingCall(nextCall(options));
const hiding: Interceptor = (options, nextCall) => {
  const below = nextCall(options);
  return {
    start: below.start.bind(below),
    cancelWithStatus: below.cancelWithStatus.bind(below),
    sendMessage: below.sendMessage.bind(below),
    sendMessageWithContext: below.sendMessageWithContext.bind(below),
    halfClose: below.halfClose.bind(below),
    startRead: below.startRead.bind(below),
    getPeer: below.getPeer.bind(below),
  } as unknown as InterceptingCall;
};
const ask = (seen: unknown[]): Interceptor =>
  defineClientInterceptor('ask', () => (context) => ({ onEnd: () => void seen.push(context.target) }));
const refuse = (how: () => void | Promise<void>): Interceptor =>
  defineClientInterceptor('refuse', () => () => ({ admit: how }));
const no = (): never => {
  throw new StatusError(status.RESOURCE_EXHAUSTED, 'no');
};

describe.each(kinds)('a %s call', (kind) => {
  test.each<[string, Interceptor[]]>([
    ['at once', [refuse(no)]],
    ['later', [refuse(async () => no())]],
    ['behind a foreign interceptor', [foreign, refuse(no)]],
    ['behind one that hides the channel', [hiding, refuse(no)]],
    ['in front of a foreign interceptor', [refuse(no), foreign]],
    ['in front of one that hides the channel', [refuse(no), hiding]],
  ])(
    'that is refused %s leaves no call on the channel, and its target is known where it can be seen',
    async (_, list) => {
      const seen: unknown[] = [];
      const client = server.connect({ interceptors: [ask(seen), ...list, ask(seen)] });
      const deadline = Date.now() + 600_000;
      expect((await echoCall(client, kind, [{}], { deadline }).seen).code).toBe(status.RESOURCE_EXHAUSTED);
      expect(openCalls(client)).toBe(0);
      expect(seen).toEqual([list.includes(hiding) ? '' : `dns:127.0.0.1:${server.port}`]);
    },
  );
});

test('a closed channel is said to be closed, before and after the call', async () => {
  const seen: ChannelSecurity[] = [];
  const look = defineClientInterceptor('look', () => (context) => ({
    admit: () => void seen.push(channelSecurityOf(context)),
    onEnd: () => void seen.push(channelSecurityOf(context)),
  }));
  const client = server.connect({ interceptors: [look] });
  client.close();
  await echoCall(client, 'unary', [{}]).seen;
  expect(seen).toMatchObject([{ closed: true }, { closed: true }]);
});

test('a channel that is closed while a call waits is said to be closed', async () => {
  const seen: boolean[] = [];
  const look = defineClientInterceptor('look', () => (context) => ({
    admit: () => void seen.push(channelSecurityOf(context).closed),
    onEnd: () => void seen.push(channelSecurityOf(context).closed),
  }));
  const close = refuse(async () => client.close());
  const client = server.connect({ interceptors: [look, close] });
  expect((await echoCall(client, 'unary', [{}]).seen).code).toBe(status.UNAVAILABLE);
  expect(seen).toEqual([false, true]);
  expect(openCalls(client)).toBe(0);
});

describe('behind a proxy', () => {
  const askSecurity = async (options: ClientOptions, address: string): Promise<ChannelSecurity> => {
    let seen!: ChannelSecurity;
    const look = defineClientInterceptor('look', () => (context) => ({
      admit: () => ((seen = channelSecurityOf(context)), no()),
    }));
    const client = server.connect({ ...options, interceptors: [look] }, address);
    await echoCall(client, 'unary', [{}]).seen;
    return seen;
  };

  test.each(['grpc_proxy', 'https_proxy', 'http_proxy'])('named by %s the target is the server', async (variable) => {
    vi.stubEnv(variable, 'http://127.0.0.1:3128');
    expect(await askSecurity({}, 'shop.example:443')).toEqual({
      target: 'dns:shop.example:443',
      secure: false,
      proxied: true,
      closed: false,
    });
  });

  test.each<[string, ClientOptions, string]>([
    ['turned off by a channel option', { 'grpc.enable_http_proxy': 0 }, 'shop.example:443'],
    ['with an exception for the server', {}, 'local.example:443'],
  ])('%s the channel is not proxied', async (_, options, address) => {
    vi.stubEnv('grpc_proxy', 'http://127.0.0.1:3128');
    vi.stubEnv('no_proxy', 'local.example');
    expect(await askSecurity(options, address)).toMatchObject({ target: `dns:${address}`, proxied: false });
  });
});
