import { credentials, Metadata, Server, ServerCredentials, status, type ChannelOptions } from '@grpc/grpc-js';
import {
  HealthCheckResponse_ServingStatus as Wire,
  HealthService,
  type HealthServer,
} from '../gen/grpc/health/v1/health.js';
import {
  EchoRequest,
  EchoServiceClient,
  EchoServiceService,
  type EchoServiceServer,
} from '../gen/grpc_js_middleware/testing/v1/echo.js';

type WatchCall = Parameters<HealthServer['watch']>[0];

/** What a backend of the tests does with Watch: answers so, says nothing, fails so, or has no health service at all. */
export type TestHealth = 'SERVING' | 'NOT_SERVING' | 'silent' | 'none' | status;

/** A server of the tests: answers Echo with its name, and Watch as it is told. */
export class TestBackend {
  readonly watches = new Set<WatchCall>();
  watchesSeen = 0;
  /** Unary calls received. */
  calls = 0;
  /** Fails each unary call with INTERNAL. */
  fails = false;
  port = 0;
  #server = new Server();

  constructor(
    readonly name: string,
    private health: TestHealth = 'SERVING',
  ) {}

  static async start(name: string, health?: TestHealth): Promise<TestBackend> {
    const backend = new TestBackend(name, health);
    await backend.listen();
    return backend;
  }

  get address(): string {
    return `127.0.0.1:${this.port}`;
  }

  /** Listens, on the same port as before if there was one. */
  async listen(): Promise<void> {
    this.#server = new Server();
    this.#server.addService(EchoServiceService, this.#echo());
    if (this.health !== 'none') this.#server.addService(HealthService, this.#healthServer());
    this.port = await new Promise<number>((resolve, reject) =>
      this.#server.bindAsync(
        this.port === 0 ? '127.0.0.1:0' : this.address,
        ServerCredentials.createInsecure(),
        (e, port) => (e === null ? resolve(port) : reject(e)),
      ),
    );
  }

  /** Dies: connections are cut. */
  kill(): void {
    this.#server.forceShutdown();
    this.watches.clear();
  }

  set(health: TestHealth): void {
    this.health = health;
    for (const call of this.watches) this.#answer(call);
  }

  #echo(): EchoServiceServer {
    const answer = () => ({ text: this.name, count: 1, payload: Buffer.alloc(0) });
    return {
      echo: (_call, callback) => (
        this.calls++,
        this.fails ? callback({ code: status.INTERNAL }) : callback(null, answer())
      ),
      serverEcho: (call) => call.end(answer()),
      clientEcho: (call, callback) => call.on('data', () => {}).on('end', () => callback(null, answer())),
      bidiEcho: (call) => call.on('data', () => call.write(answer())).on('end', () => call.end()),
    };
  }

  #healthServer(): HealthServer {
    return {
      check: (_call, callback) => callback({ code: status.UNIMPLEMENTED }),
      list: (_call, callback) => callback({ code: status.UNIMPLEMENTED }),
      watch: (call) => {
        this.watchesSeen++;
        this.watches.add(call);
        call.on('cancelled', () => this.watches.delete(call));
        this.#answer(call);
      },
    };
  }

  #answer(call: WatchCall): void {
    if (this.health === 'silent' || this.health === 'none') return;
    if (typeof this.health === 'string') call.write({ status: Wire[this.health] });
    else if (this.health === status.OK) call.end();
    else call.emit('error', { code: this.health, details: 'as told' });
  }
}

/** A client whose unary calls give the name of the backend that answered, or the error's code and text. */
export function echoClient(target: string, options: ChannelOptions) {
  const client = new EchoServiceClient(target, credentials.createInsecure(), options);
  const ask = (deadlineMs = 5_000): Promise<string> =>
    new Promise((resolve) =>
      client.echo(EchoRequest.create(), new Metadata(), { deadline: Date.now() + deadlineMs }, (error, response) =>
        resolve(error === null ? response.text : `${status[error.code]}: ${error.details}`),
      ),
    );
  /** Who answered how often, of so many calls. */
  const spread = async (count: number): Promise<Record<string, number>> => {
    const tally: Record<string, number> = {};
    for (let i = 0; i < count; i++) {
      const name = await ask();
      tally[name] = (tally[name] ?? 0) + 1;
    }
    return tally;
  };
  /** Calls until a backend, or an error, has answered. */
  const until = async (done: (answer: string) => boolean): Promise<void> => {
    while (!done(await ask())) await new Promise((resolve) => setImmediate(resolve));
  };
  return { client, ask, spread, until, close: () => client.close() };
}
