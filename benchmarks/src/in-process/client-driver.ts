import { Client, Metadata, credentials, status, type Interceptor, type StatusObject } from '@grpc/grpc-js';
import { IN_FLIGHT } from './driver.js';

/** grpc-js's own client over a channel without a network: each call is answered in the next tick. */
export function answeredClient(interceptors: readonly Interceptor[]): Client {
  return new Client('127.0.0.1:50051', credentials.createInsecure(), {
    interceptors: [...interceptors],
    channelOverride: channel as never,
  });
}

interface Listener {
  onReceiveMetadata(metadata: Metadata): void;
  onReceiveMessage(message: Buffer): void;
  onReceiveStatus(status: StatusObject): void;
}

const channel = {
  credentials: { _isSecure: () => true },
  getTarget: () => 'dns:127.0.0.1:50051',
  close() {},
  getConnectivityState: () => 2,
  watchConnectivityState() {},
  getChannelzRef: () => ({ kind: 'channel', id: 1, name: 'bench' }),
  createCall: () => new AnsweredCall(),
};

const response = Buffer.alloc(8);

class AnsweredCall {
  readonly channel = channel;
  private listener!: Listener;

  start(_metadata: Metadata, listener: Listener): void {
    this.listener = listener;
  }

  sendMessageWithContext(context: { callback?: () => void }): void {
    if (context.callback) process.nextTick(context.callback);
  }

  halfClose(): void {
    process.nextTick(answer, this.listener);
  }

  startRead(): void {}
  setCredentials(): void {}
  cancelWithStatus(): void {}
  getPeer = (): string => '127.0.0.1:50051';
  getCallNumber = (): number => 0;
  getAuthContext = (): null => null;
}

function answer(listener: Listener): void {
  listener.onReceiveMetadata(new Metadata());
  listener.onReceiveMessage(response);
  listener.onReceiveStatus({ code: status.OK, details: 'OK', metadata: new Metadata() });
}

/** Makes `count` calls, some at a time; resolves when all have been answered. */
export async function inBatches(count: number, call: (done: (error?: Error | null) => void) => void): Promise<void> {
  for (let left = count; left > 0; left -= IN_FLIGHT) {
    await new Promise<void>((resolve, reject) => {
      let running = Math.min(IN_FLIGHT, left);
      const done = (error?: Error | null): void => {
        if (error) reject(error);
        else if (--running === 0) setImmediate(resolve);
      };
      for (let i = Math.min(IN_FLIGHT, left); i > 0; i--) call(done);
    });
  }
}
