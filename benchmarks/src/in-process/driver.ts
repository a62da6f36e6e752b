import { Metadata, status, type ServerInterceptor } from '@grpc/grpc-js';

/**
 * Drives server interceptors the way grpc-js does, without a network: a base call that has everything at hand, and a
 * caller that plays grpc-js's part towards the handler. What both cost stands in the bare variant too, so differences
 * are the interceptors' own.
 */
export interface DrivenCall {
  start(listener: DrivenListener): void;
  sendMetadata(metadata: Metadata): void;
  sendMessage(message: unknown, callback: () => void): void;
  sendStatus(status: { code: status; details: string; metadata: Metadata | null }): void;
  startRead(): void;
}

interface DrivenListener {
  onReceiveMetadata(metadata: Metadata): void;
  onReceiveMessage(message: unknown): void;
  onReceiveHalfClose(): void;
  onCancel(): void;
}

export type UnaryHandler = (
  request: unknown,
  call: unknown,
  respond: (error: unknown, value?: unknown) => void,
) => void;

const connection = { remoteAddress: '127.0.0.1', remotePort: 4711, localAddress: '127.0.0.1', localPort: 50051 };
const request = { id: 7 };
const READS = ['message', 'halfClose'] as const;

class BaseCall implements DrivenCall {
  readonly stream = {
    headersSent: false,
    destroyed: false,
    closed: false,
    aborted: false,
    sentTrailers: undefined as unknown,
  };
  private readonly recorder = {};
  private listener!: DrivenListener;
  private reads = 0;

  constructor(
    private readonly metadata: Metadata,
    private readonly done: () => void,
  ) {}

  start(listener: DrivenListener): void {
    this.listener = listener;
    listener.onReceiveMetadata(this.metadata);
  }

  startRead(): void {
    if (READS[this.reads++] === 'message') this.listener.onReceiveMessage(request);
    else this.listener.onReceiveHalfClose();
  }

  sendMetadata(): void {
    this.stream.headersSent = true;
  }

  sendMessage(_message: unknown, callback: () => void): void {
    this.stream.headersSent = true;
    callback();
  }

  sendStatus(): void {
    this.stream.sentTrailers = this;
    process.nextTick(finish, this);
  }

  finish(): void {
    this.listener.onCancel();
    this.done();
  }

  getPeer = (): string => '127.0.0.1:4711';
  getDeadline = (): number => Infinity;
  getHost = (): string => '127.0.0.1:50051';
  getAuthContext = (): object => ({});
  getConnectionInfo = (): object => connection;
  getMetricsRecorder(): object {
    return this.recorder;
  }
}

const finish = (call: BaseCall): void => call.finish();

const descriptor = {
  path: '/bench.v1.Bench/Get',
  requestStream: false,
  responseStream: false,
  requestDeserialize: (bytes: Buffer) => bytes,
  responseSerialize: () => Buffer.alloc(0),
};

/** Runs `count` unary calls through the interceptors, one after the other; resolves when all have ended. */
export async function driveUnary(
  interceptors: readonly ServerInterceptor[],
  handler: UnaryHandler,
  count: number,
  metadata = new Metadata(),
): Promise<void> {
  for (let left = count; left > 0; left -= 100) {
    await new Promise<void>((resolve) => {
      let running = Math.min(100, left);
      const done = (): void => void (--running === 0 && setImmediate(resolve));
      for (let i = Math.min(100, left); i > 0; i--) oneUnary(interceptors, handler, metadata, done);
    });
  }
}

function oneUnary(
  interceptors: readonly ServerInterceptor[],
  handler: UnaryHandler,
  metadata: Metadata,
  done: () => void,
): void {
  const base = new BaseCall(metadata, done);
  const call = interceptors.reduce<unknown>(
    (inner, interceptor) => interceptor(descriptor, inner as never),
    base,
  ) as DrivenCall;
  let received: unknown;
  call.start({
    onReceiveMetadata: () => call.startRead(),
    onReceiveMessage: (message) => {
      received = message;
      call.startRead();
    },
    onReceiveHalfClose: () =>
      handler(received, call, (error, value) => {
        if (error) call.sendStatus({ code: status.UNKNOWN, details: 'failed', metadata: null });
        else call.sendMessage(value, () => call.sendStatus({ code: status.OK, details: 'OK', metadata: null }));
      }),
    onCancel: () => undefined,
  });
}
