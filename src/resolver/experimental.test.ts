import { connectivityState, Metadata, status, type StatusObject } from '@grpc/grpc-js';
import { describe, expect, test } from 'vitest';
import { channelOver, requireExperimental, type RealSubchannel } from './experimental.js';

describe('requireExperimental', () => {
  test('passes where grpc-js has the parts', () => {
    expect(() => requireExperimental('roundRobin', 'registerLoadBalancerType', 'BaseSubchannelWrapper')).not.toThrow();
  });

  test('names the feature and what is missing', () => {
    expect(() => requireExperimental('roundRobin', 'registerLoadBalancerType', 'magic' as never)).toThrow(
      'roundRobin needs experimental.magic, which the installed @grpc/grpc-js lacks; supported are 1.14.5 up to 2',
    );
  });
});

describe('channelOver', () => {
  test('turns a start that rejects into a status, since nobody holds its promise', async () => {
    const subchannel = {
      getConnectivityState: () => connectivityState.READY,
      getChannel: () => ({
        createCall: () => ({ start: () => Promise.reject(new Error('Cannot create call, subchannel not READY')) }),
      }),
    } as unknown as RealSubchannel;
    const call = channelOver(subchannel).createCall('/a.B/C', Infinity, undefined, null, undefined);
    const ended = await new Promise<StatusObject>((resolve) =>
      call.start(new Metadata(), { onReceiveMetadata: () => {}, onReceiveMessage: () => {}, onReceiveStatus: resolve }),
    );
    expect(ended).toMatchObject({ code: status.UNAVAILABLE, details: 'Cannot create call, subchannel not READY' });
  });
});
