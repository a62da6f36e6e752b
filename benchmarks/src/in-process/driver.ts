import type { Metadata } from '@grpc/grpc-js';
import { status, type ServerInterceptor } from '@grpc/grpc-js';
import { EventEmitter } from 'node:events';

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

export interface DrivenListener {
  onReceiveMetadata(metadata: Metadata): void;
  onReceiveMessage(message: unknown): void;
  onReceiveHalfClose(): void;
  onCancel(): void;
}

/** A method as grpc-js describes it to interceptors. */
export interface Descriptor {
  readonly path: string;
  readonly requestStream: boolean;
  readonly responseStream: boolean;
  requestDeserialize(bytes: Buffer): unknown;
  responseSerialize(value: unknown): Buffer;
}

/** One call: what arrives, and what is done with it. */
export interface Script {
  readonly descriptor: Descriptor;
  readonly metadata: Metadata;
  /** How many request messages arrive. */
  readonly requests: number;
  /** Plays grpc-js's handler: what hears the call from the innermost interceptor. */
  serve(call: DrivenCall): DrivenListener;
}

const connection = { remoteAddress: '127.0.0.1', remotePort: 4711, localAddress: '127.0.0.1', localPort: 50051 };
const request = { id: 7 };

const ignore = (): void => {};

/** As much of an HTTP/2 stream as is looked at; Node and grpc-js listen to theirs, too. */
class Stream extends EventEmitter {
  headersSent = false;
  destroyed = false;
  closed = false;
  aborted = false;
  sentTrailers: unknown = undefined;
}

class Recorder {}

class BaseCall implements DrivenCall {
  readonly stream = new Stream();
  private readonly recorder = new Recorder();
  private listener!: DrivenListener;
  private delivered = 0;
  private wanted = 0;
  private delivering = false;

  constructor(
    private readonly script: Script,
    private readonly done: () => void,
  ) {
    for (const event of ['removeListener', 'close', 'data', 'end']) this.stream.on(event, ignore);
  }

  start(listener: DrivenListener): void {
    this.listener = listener;
    listener.onReceiveMetadata(this.script.metadata);
  }

  /** A loop, since a handler asks for the next message from within the one before. */
  startRead(): void {
    this.wanted++;
    if (this.delivering) return;
    this.delivering = true;
    while (this.wanted > 0) {
      this.wanted--;
      if (this.delivered++ < this.script.requests) this.listener.onReceiveMessage(request);
      else this.listener.onReceiveHalfClose();
    }
    this.delivering = false;
  }

  sendMetadata(): void {
    this.stream.headersSent = true;
  }

  sendMessage(_message: unknown, callback: () => void): void {
    this.stream.headersSent = true;
    callback();
  }

  sendStatus(given: { code: status; details: string }): void {
    if (given.code !== status.OK) throw new Error(`The driven call failed with ${given.code}: ${given.details}`);
    this.stream.sentTrailers = this;
    process.nextTick(finish, this);
  }

  finish(): void {
    this.listener.onCancel();
    this.stream.emit('close');
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

/**
 * Calls that run at a time. Many more would outlive the young heap of a process that has just begun, and V8 would then
 * make what calls are made of in its old space, where dead ones keep each other alive: 3 µs a call, and no server's case.
 */
export const IN_FLIGHT = 10;

/** Runs `count` calls through the interceptors, some at a time; resolves when all have ended. */
export async function drive(interceptors: readonly ServerInterceptor[], script: Script, count: number): Promise<void> {
  for (let left = count; left > 0; left -= IN_FLIGHT) {
    await new Promise<void>((resolve) => {
      let running = Math.min(IN_FLIGHT, left);
      const done = (): void => void (--running === 0 && setImmediate(resolve));
      for (let i = Math.min(IN_FLIGHT, left); i > 0; i--) driveOne(interceptors, script, done);
    });
  }
}

function driveOne(interceptors: readonly ServerInterceptor[], script: Script, done: () => void): void {
  const call = interceptors.reduce<unknown>(
    (inner, interceptor) => interceptor(script.descriptor as never, inner as never),
    new BaseCall(script, done),
  ) as DrivenCall;
  call.start(script.serve(call));
}
