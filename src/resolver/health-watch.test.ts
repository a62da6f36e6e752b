import { connectivityState, Metadata, status, type StatusObject } from '@grpc/grpc-js';
import { describe, expect, test } from 'vitest';
import type { ConnectivityStateListener, RealSubchannel } from './experimental.js';
import { HealthWatch, type HealthWatcher } from './health-watch.js';

const { CONNECTING, IDLE, READY } = connectivityState;

interface Listener {
  onReceiveMetadata(metadata: Metadata): void;
  onReceiveMessage(message: unknown): void;
  onReceiveStatus(status: StatusObject): void;
}

/** A connection whose calls do nothing until they are told, and that forgets a cancel while a call starts, as grpc-js's does. */
function connection() {
  const calls: { listener?: Listener; cancels: number }[] = [];
  let state = READY;
  let onState: ConnectivityStateListener | undefined;
  const subchannel = {
    getAddress: () => '10.0.0.1:80',
    getConnectivityState: () => state,
    addConnectivityStateListener: (listener: ConnectivityStateListener) => (onState = listener),
    removeConnectivityStateListener: () => (onState = undefined),
    getChannel: () => ({
      createCall() {
        const call: (typeof calls)[number] = { cancels: 0 };
        calls.push(call);
        return {
          start: (_metadata: Metadata, listener: Listener) => void (call.listener = listener),
          cancelWithStatus: () => call.cancels++,
          sendMessageWithContext() {},
          startRead() {},
          halfClose() {},
        };
      },
    }),
  };
  const become = (next: connectivityState) => {
    const previous = state;
    state = next;
    onState?.(subchannel as never, previous, next, -1);
  };
  return { subchannel: subchannel as unknown as RealSubchannel, calls, become };
}

function watcher() {
  const heard: string[] = [];
  const told: HealthWatcher = {
    onHealth: (healthy) => heard.push(healthy ? 'healthy' : 'unhealthy'),
    onState: (_subchannel, before, now) => heard.push(`${connectivityState[before]} → ${connectivityState[now]}`),
  };
  return { heard, told };
}

const end = (code: status): StatusObject => ({ code, details: '', metadata: new Metadata() });
const settings = { serviceName: 'shop', initialBackoffMs: 60_000 };

describe('HealthWatch', () => {
  test('shows a ready connection as connecting until the backend has answered', () => {
    const { subchannel, calls, become } = connection();
    const { heard, told } = watcher();
    const watch = HealthWatch.of(subchannel, settings);
    expect(watch.state).toBe(CONNECTING);
    watch.add(told);
    calls[0]!.listener!.onReceiveMetadata(new Metadata());
    calls[0]!.listener!.onReceiveStatus(end(status.UNAVAILABLE));
    expect(watch.state).toBe(READY);
    become(IDLE);
    become(CONNECTING);
    become(READY);
    expect(watch.state).toBe(CONNECTING);
    expect(heard).toEqual(['unhealthy', 'CONNECTING → READY', 'READY → IDLE', 'IDLE → CONNECTING']);
    expect(calls).toHaveLength(2);
    watch.remove(told);
  });

  test('cancels again a call that was cancelled while it started, and went on', async () => {
    const { subchannel, calls } = connection();
    const { told } = watcher();
    const watch = HealthWatch.of(subchannel, settings);
    watch.add(told);
    watch.remove(told);
    await new Promise((resolve) => setImmediate(resolve));
    const { cancels } = calls[0]!;
    expect(cancels).toBeGreaterThan(0);
    calls[0]!.listener!.onReceiveMetadata(new Metadata());
    expect(calls[0]!.cancels).toBeGreaterThan(cancels);
  });

  test('does not end for a balancer that lets go and comes back in one turn', async () => {
    const { subchannel, calls } = connection();
    const { told } = watcher();
    const watch = HealthWatch.of(subchannel, settings);
    watch.add(told);
    watch.remove(told);
    watch.add(told);
    await new Promise((resolve) => setImmediate(resolve));
    expect(calls).toHaveLength(1);
    expect(calls[0]!.cancels).toBe(0);
    watch.remove(told);
  });

  test('is one for all watchers of a service on a connection', () => {
    const { subchannel, calls } = connection();
    const [first, second] = [watcher(), watcher()];
    expect(HealthWatch.of(subchannel, settings)).toBe(HealthWatch.of(subchannel, { ...settings }));
    expect(HealthWatch.of(subchannel, { serviceName: 'other' })).not.toBe(HealthWatch.of(subchannel, settings));
    const watch = HealthWatch.of(subchannel, settings);
    watch.add(first.told);
    watch.add(second.told);
    calls[0]!.listener!.onReceiveStatus(end(status.UNIMPLEMENTED));
    expect([first.heard, second.heard]).toEqual(Array(2).fill(['healthy', 'CONNECTING → READY']));
    expect(calls).toHaveLength(1);
    watch.remove(first.told);
    watch.remove(second.told);
  });
});
