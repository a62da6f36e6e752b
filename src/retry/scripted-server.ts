import * as grpc from '@grpc/grpc-js';
import type { ServerHttp2Session } from 'node:http2';

// For tests: a server whose answers are written down in advance, one for each attempt that reaches it.

/** What one attempt is answered. */
export interface Answer {
  /** @default status.OK */
  readonly code?: grpc.status;
  readonly details?: string;
  readonly trailers?: Readonly<Record<string, string | Buffer | readonly string[]>>;
  /** Sends headers before anything else. */
  readonly headers?: Readonly<Record<string, string>>;
  /** Messages to answer with, before the status. @default one message with the number of the attempt, on OK */
  readonly messages?: readonly unknown[];
  /** Never answers; the attempt ends when its client ends it. */
  readonly hang?: true;
  /** Answers without waiting for the end of the request stream. */
  readonly early?: true;
}

/** One attempt, as the server saw it. */
export interface SeenAttempt {
  readonly metadata: grpc.Metadata;
  readonly requests: unknown[];
  readonly deadline: number;
  cancelled: boolean;
  /** The client has sent all it had. */
  finished: boolean;
}

const json = {
  requestSerialize: (value: unknown): Buffer => Buffer.from(JSON.stringify(value)),
  requestDeserialize: (bytes: Buffer): unknown => JSON.parse(bytes.toString()),
  responseSerialize: (value: unknown): Buffer => Buffer.from(JSON.stringify(value)),
  responseDeserialize: (bytes: Buffer): unknown => JSON.parse(bytes.toString()),
};

const definition = Object.fromEntries(
  [
    { name: 'unary', requestStream: false, responseStream: false },
    { name: 'clientStream', requestStream: true, responseStream: false },
    { name: 'serverStream', requestStream: false, responseStream: true },
    { name: 'bidi', requestStream: true, responseStream: true },
  ].map(({ name, ...streams }) => [name, { path: `/test.Scripted/${name}`, ...streams, ...json }]),
);

type AnyCall = grpc.ServerUnaryCall<unknown, unknown> & grpc.ServerDuplexStream<unknown, unknown>;

/** A real server on loopback that answers after a script, and what it saw. */
export class ScriptedServer {
  readonly attempts: SeenAttempt[] = [];
  /** The answers of successive attempts; the last one goes on. */
  script: readonly Answer[] = [{}];
  target = '';
  private readonly clients: grpc.Client[] = [];
  private listeners: (() => void)[] = [];
  private readonly hanging = new Map<number, (answer: Answer) => void>();

  private constructor(private readonly server: grpc.Server) {}

  static async start(options: grpc.ServerOptions = {}): Promise<ScriptedServer> {
    const scripted = new ScriptedServer(new grpc.Server(options));
    const { server } = scripted;
    const serve = ((call: AnyCall, callback?: grpc.sendUnaryData<unknown>) =>
      scripted.serve(call, callback)) as grpc.UntypedHandleCall;
    server.addService(definition, { unary: serve, clientStream: serve, serverStream: serve, bidi: serve });
    const credentials = grpc.ServerCredentials.createInsecure();
    const port = await new Promise<number>((resolve, reject) =>
      server.bindAsync('127.0.0.1:0', credentials, (error, bound) => (error ? reject(error) : resolve(bound))),
    );
    scripted.target = `127.0.0.1:${port}`;
    return scripted;
  }

  /** A client, connected so that no timer of a connection is left. */
  async client(options: grpc.ClientOptions = {}): Promise<ScriptedClient> {
    const Constructor = grpc.makeGenericClientConstructor(definition, 'Scripted');
    const client = new Constructor(this.target, grpc.credentials.createInsecure(), options);
    this.clients.push(client);
    await new Promise<void>((resolve, reject) =>
      client.waitForReady(Date.now() + 5000, (error) => (error ? reject(error) : resolve())),
    );
    return client as unknown as ScriptedClient;
  }

  /** Waits until the server has seen this many attempts. */
  async seen(count: number): Promise<void> {
    while (this.attempts.length < count) await new Promise<void>((resolve) => this.listeners.push(resolve));
  }

  /** Waits for something that an event of an attempt brings about. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => this.listeners.push(resolve));
  }

  /** Answers an attempt that hangs. */
  release(attempt: number, answer: Answer = {}): void {
    this.hanging.get(attempt)!(answer);
  }

  /** Cuts every connection; clients may connect again. */
  killConnections(): void {
    // grpc-js's own: there is no public way to cut one.
    const { sessions } = this.server as unknown as { sessions: Map<ServerHttp2Session, unknown> };
    for (const session of sessions.keys()) session.destroy();
  }

  close(): void {
    for (const client of this.clients) client.close();
    this.server.forceShutdown();
  }

  private serve(call: AnyCall, callback?: grpc.sendUnaryData<unknown>): void {
    const { metadata } = call;
    const deadline = Number(call.getDeadline());
    const attempt: SeenAttempt = { metadata, requests: [], deadline, cancelled: false, finished: false };
    const answer = this.script[Math.min(this.attempts.length, this.script.length - 1)]!;
    this.hanging.set(this.attempts.length, (late) => this.answer(call, late, callback));
    this.attempts.push(attempt);
    call.on('cancelled', () => ((attempt.cancelled = true), this.changed()));
    this.changed();
    if (answer.headers !== undefined) call.sendMetadata(metadataOf(answer.headers));
    const reply = (): void => {
      attempt.finished = true;
      this.changed();
      if (answer.hang === undefined && answer.early === undefined) this.answer(call, answer, callback);
    };
    if (answer.early !== undefined) this.answer(call, answer, callback);
    if ('request' in call && call.request !== undefined) {
      attempt.requests.push(call.request);
      reply();
    } else {
      call.on('data', (request: unknown) => (attempt.requests.push(request), this.changed()));
      call.on('end', reply);
    }
  }

  private answer(call: AnyCall, answer: Answer, callback: grpc.sendUnaryData<unknown> | undefined): void {
    const { code = grpc.status.OK, details = 'scripted', trailers = {} } = answer;
    const metadata = metadataOf(trailers);
    const messages = answer.messages ?? (code === grpc.status.OK ? [{ attempt: this.attempts.length }] : []);
    if (callback !== undefined) {
      callback(code === grpc.status.OK ? null : { code, details, metadata }, messages[0], metadata);
      return;
    }
    for (const message of messages) call.write(message);
    if (code === grpc.status.OK) call.end(metadata);
    else call.emit('error', { code, details, metadata });
  }

  private changed(): void {
    const { listeners } = this;
    this.listeners = [];
    for (const listener of listeners) listener();
  }
}

/** The generic client, typed as far as tests need it. */
export interface ScriptedClient extends grpc.Client {
  unary(
    request: unknown,
    metadata: grpc.Metadata,
    options: grpc.CallOptions,
    callback: grpc.requestCallback<unknown>,
  ): grpc.ClientUnaryCall;
  clientStream(
    metadata: grpc.Metadata,
    options: grpc.CallOptions,
    callback: grpc.requestCallback<unknown>,
  ): grpc.ClientWritableStream<unknown>;
  serverStream(
    request: unknown,
    metadata: grpc.Metadata,
    options: grpc.CallOptions,
  ): grpc.ClientReadableStream<unknown>;
  bidi(metadata: grpc.Metadata, options: grpc.CallOptions): grpc.ClientDuplexStream<unknown, unknown>;
}

/** How a call looked to the application. */
export interface Outcome {
  readonly status: grpc.StatusObject;
  readonly messages: unknown[];
  readonly headers: grpc.Metadata[];
  /** How often the application was told an end. */
  readonly ends: number;
}

export type Kind = 'unary' | 'clientStream' | 'serverStream' | 'bidi';
export const kinds: readonly Kind[] = ['unary', 'clientStream', 'serverStream', 'bidi'];

/** A running call of any kind. */
export interface RunningCall {
  readonly call: { cancel(): void } & NodeJS.EventEmitter;
  readonly outcome: Promise<Outcome>;
}

/** Makes a call of any kind with these requests; the last of a stream is followed by its end. */
export function startCall(
  client: ScriptedClient,
  kind: Kind,
  { requests = ['hello'], metadata = new grpc.Metadata(), options = {}, end = true }: StartOptions = {},
): RunningCall {
  const messages: unknown[] = [];
  const headers: grpc.Metadata[] = [];
  let ends = 0;
  const note: grpc.requestCallback<unknown> = (error, value) => {
    ends++;
    if (error === null) messages.push(value);
  };
  const call = open(client, kind, requests[0], metadata, options, note);
  if (kind === 'clientStream' || kind === 'bidi') {
    const writable = call as grpc.ClientWritableStream<unknown>;
    for (const request of requests) writable.write(request);
    if (end) writable.end();
  }
  call.on('metadata', (received: grpc.Metadata) => headers.push(received));
  if (kind === 'serverStream' || kind === 'bidi') {
    call.on('data', (message: unknown) => messages.push(message));
    call.on('error', () => ends++);
    call.on('end', () => undefined);
  }
  const outcome = new Promise<Outcome>((resolve) => {
    call.on('status', (status: grpc.StatusObject) => setImmediate(() => resolve({ status, messages, headers, ends })));
  });
  return { call, outcome };
}

interface StartOptions {
  readonly requests?: readonly unknown[];
  readonly metadata?: grpc.Metadata;
  readonly options?: grpc.CallOptions;
  /** Half-close after the requests. */
  readonly end?: boolean;
}

function open(
  client: ScriptedClient,
  kind: Kind,
  request: unknown,
  metadata: grpc.Metadata,
  options: grpc.CallOptions,
  note: grpc.requestCallback<unknown>,
): RunningCall['call'] {
  if (kind === 'unary') return client.unary(request, metadata, options, note);
  if (kind === 'clientStream') return client.clientStream(metadata, options, note);
  return kind === 'serverStream' ? client.serverStream(request, metadata, options) : client.bidi(metadata, options);
}

function metadataOf(entries: NonNullable<Answer['trailers']>): grpc.Metadata {
  const metadata = new grpc.Metadata();
  for (const [key, value] of Object.entries(entries)) {
    for (const each of Array.isArray(value) ? (value as string[]) : [value as string | Buffer]) metadata.add(key, each);
  }
  return metadata;
}
