import { Metadata, status, type Client, type StatusObject } from '@grpc/grpc-js';
import type { Duplex, Readable, Writable } from 'node:stream';
import { later } from './later.js';
import type { Plan } from './plan.js';
import { deserialize, serialize, type Numbered } from './service.js';

/** What the application saw. */
export interface AppSeen {
  readonly responses: number[];
  /** Each status that it was told; more than one is a fault. */
  readonly statuses: StatusObject[];
  /** What making the call threw. */
  threw?: unknown;
  readonly sent: number[];
  halfClosed: boolean;
  cancelled: boolean;
}

/** The application on the client's side: makes the call, writes, reads and cancels as planned, with grpc-js's own client. */
export class App {
  readonly seen: AppSeen = { responses: [], statuses: [], sent: [], halfClosed: false, cancelled: false };
  private call: (Duplex & { cancel(): void }) | undefined;

  constructor(
    private readonly plan: Plan,
    private readonly client: Client,
    private readonly write: (what: string) => void,
  ) {}

  get ended(): boolean {
    return this.seen.statuses.length > 0 || this.seen.threw !== undefined;
  }

  start(): void {
    const { deadlineMs, cancelsAt, closesAt } = this.plan.client;
    this.write('makes the call');
    try {
      this.call = this.make(deadlineMs === undefined ? {} : { deadline: Date.now() + deadlineMs });
    } catch (error) {
      this.seen.threw = error;
      this.write(`is thrown ${String(error)}`);
    }
    if (closesAt !== undefined) later(closesAt === 0 ? 'at once' : (closesAt as 1), () => this.close());
    if (cancelsAt !== undefined) later(cancelsAt === 0 ? 'at once' : (cancelsAt as 1), () => this.cancel());
  }

  cancel(): void {
    if (this.ended || this.call === undefined) return;
    this.write('cancels');
    this.seen.cancelled = true;
    this.call.cancel();
  }

  private close(): void {
    this.write('closes the client');
    this.client.close();
  }

  private make(options: object): Duplex & { cancel(): void } {
    const { client, plan } = this;
    const path = `/simulation.Service/${plan.kind}`;
    const metadata = new Metadata();
    if (plan.kind === 'unary') {
      this.seen.sent.push(1);
      this.seen.halfClosed = true;
      return client.makeUnaryRequest(path, serialize, deserialize, { n: 1 }, metadata, options, this.callback) as never;
    }
    if (plan.kind === 'serverStream') {
      this.seen.sent.push(1);
      this.seen.halfClosed = true;
      const call = client.makeServerStreamRequest(path, serialize, deserialize, { n: 1 }, metadata, options);
      this.read(call);
      return call as never;
    }
    if (plan.kind === 'clientStream') {
      const call = client.makeClientStreamRequest(path, serialize, deserialize, metadata, options, this.callback);
      this.send(call, 1);
      return call as never;
    }
    const call = client.makeBidiStreamRequest(path, serialize, deserialize, metadata, options);
    this.read(call);
    this.send(call, 1);
    return call as never;
  }

  private readonly callback = (error: Error | null, response?: Numbered): void => {
    if (response !== undefined && response !== null) this.receive(response);
    this.end(error === null ? OK : (error as unknown as StatusObject));
  };

  private receive({ n }: Numbered): void {
    this.seen.responses.push(n);
    this.write(`receives ${n}`);
  }

  private end(given: StatusObject): void {
    this.seen.statuses.push({ code: given.code, details: given.details, metadata: OK.metadata });
    this.write(`is told ${status[given.code]} "${given.details}"`);
  }

  private read(call: Readable): void {
    const { reads } = this.plan.client;
    call.on('error', () => undefined);
    call.on('status', (given: StatusObject) => this.end(given));
    call.on('data', (message: Numbered) => {
      this.receive(message);
      if (reads === 'at once') return;
      call.pause();
      if (reads === 'slowly') later(7, () => call.resume());
    });
  }

  private send(call: Writable & { end(): void }, n: number): void {
    const { requests, client } = this.plan;
    call.on('error', () => undefined);
    if (this.ended || call.destroyed) return;
    if (n > requests) {
      if (!client.halfCloses) return;
      this.write('half-closes');
      this.seen.halfClosed = true;
      call.end();
      return;
    }
    const next = (): void => later(client.writeGap, () => this.send(call, n + 1));
    this.write(`sends ${n}`);
    this.seen.sent.push(n);
    if (client.waitsForWrites) call.write({ n }, next);
    else {
      call.write({ n });
      next();
    }
  }
}

const OK: StatusObject = { code: status.OK, details: 'OK', metadata: new Metadata() };
