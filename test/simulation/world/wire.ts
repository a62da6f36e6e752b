import { EventEmitter } from 'node:events';
import { Duplex } from 'node:stream';
import type { Lane, Loop } from './loop.js';

export type Headers = Record<string, unknown>;

/** How HTTP/2 names the ends of streams that matter here. */
export const NO_ERROR = 0;
export const CANCEL = 8;
const END_STREAM = 1;

/** A connection in memory: two sessions, and a lane of frames in each direction. */
export class Connection {
  readonly client: Session;
  readonly server: Session;
  /** The client's window is closed: DATA of the server waits, and what follows it. */
  blocked = false;
  /** Nothing arrives any more in either direction, and neither side knows. */
  silent = false;
  dropped = false;
  private readonly pairs: { client: MemoryStream; server: MemoryStream | undefined }[] = [];

  constructor(
    loop: Loop,
    private readonly accept: (stream: MemoryStream, headers: Headers) => void,
    private readonly lost: () => void,
  ) {
    this.client = new Session(this, 'client', loop);
    this.server = new Session(this, 'server', loop);
    this.client.peer = this.server;
    this.server.peer = this.client;
  }

  /** A call begins: its headers are on their way. */
  request(headers: Headers): MemoryStream {
    const client = new MemoryStream(this.client);
    const pair = { client, server: undefined as MemoryStream | undefined };
    this.pairs.push(pair);
    this.client.frame(() => {
      const server = new MemoryStream(this.server);
      pair.server = server;
      client.other = server;
      server.other = client;
      this.accept(server, headers);
    });
    return client;
  }

  /** The window opens: what waited goes on. */
  unblock(): void {
    this.blocked = false;
    for (const { server } of this.pairs) server?.flush();
  }

  /** The connection breaks, and both sides notice. */
  drop(): void {
    if (this.dropped) return;
    this.dropped = true;
    this.client.destroyed = this.server.destroyed = true;
    for (const { client, server } of this.pairs) {
      this.server.local.add(() => server?.lose());
      this.client.local.add(() => client.lose());
    }
    this.client.local.add(() => this.lost());
  }
}

/** One end of a connection. */
export class Session extends EventEmitter {
  readonly socket = {
    remoteAddress: '127.0.0.1',
    remotePort: 50_000,
    localAddress: '127.0.0.1',
    localPort: 443,
    destroyed: false,
  };
  destroyed = false;
  peer!: Session;
  readonly local: Lane;
  private readonly outgoing: Lane;

  constructor(
    readonly connection: Connection,
    readonly side: 'client' | 'server',
    loop: Loop,
  ) {
    super();
    this.outgoing = loop.lane(side === 'client' ? 'client to server' : 'server to client');
    this.local = loop.lane(`${side}'s own events`);
  }

  get closed(): boolean {
    return this.destroyed;
  }

  /** Sends a frame. */
  frame(arrives: () => void): void {
    this.outgoing.add(() => {
      if (!this.connection.silent && !this.connection.dropped) arrives();
    });
  }

  destroy(): void {
    this.connection.drop();
  }
}

interface Write {
  readonly chunk: Buffer;
  readonly done: (error?: Error | null) => void;
}

/** An HTTP/2 stream in memory, which does for grpc-js what Node's does, in the same order. */
export class MemoryStream extends Duplex {
  other: MemoryStream | undefined;
  rstCode = NO_ERROR;
  headersSent = false;
  sentTrailers: Headers | undefined;
  /** What the other side's headers and trailers said, in the order of their arrival. */
  readonly heard: Headers[] = [];
  reset = false;
  private aborting = false;
  private waitsForTrailers = false;
  private localEnd = false;
  private remoteEnd = false;
  private readonly stalled: Write[] = [];
  private stalledEnd: (() => void) | undefined;

  constructor(readonly session: Session) {
    super({ allowHalfOpen: true, decodeStrings: false, autoDestroy: false });
  }

  get aborted(): boolean {
    return this.aborting;
  }

  get pending(): boolean {
    return false;
  }

  // What grpc-js's server asks of a stream.

  respond(headers: Headers, options?: { endStream?: boolean; waitForTrailers?: boolean }): void {
    if (this.reset || this.destroyed) throw new Error('The stream has been destroyed');
    if (this.headersSent) throw new Error('Response has already been initiated');
    this.headersSent = true;
    this.waitsForTrailers = options?.waitForTrailers === true;
    const ends = options?.endStream === true;
    if (ends) this.sentTrailers = headers;
    this.send((to) => to.receiveHeaders(asSent(headers), ends));
    if (ends) {
      this.end();
      this.endLocally();
    }
  }

  sendTrailers(headers: Headers): void {
    if (this.reset || this.destroyed) throw new Error('The stream has been destroyed');
    if (this.sentTrailers !== undefined) throw new Error('Trailing headers have already been sent');
    this.sentTrailers = headers;
    this.send((to) => to.receiveHeaders(asSent(headers), true));
    this.endLocally();
  }

  close(code = NO_ERROR): void {
    if (this.reset) return;
    const { writableEnded, writableFinished } = this;
    this.closeWith(code);
    const submit = (): void => {
      this.send((to) => to.receiveReset(code));
      this.session.local.add(() => this.finished(code));
    };
    if (!writableEnded || writableFinished || code !== NO_ERROR) submit();
    else this.once('finish', submit);
  }

  // What arrives.

  receiveHeaders(headers: Headers, ends: boolean): void {
    if (this.destroyed) return;
    this.heard.push(headers);
    const first = this.heard.length === 1;
    process.nextTick(() => {
      if (!this.destroyed || first) this.emit(first ? 'response' : 'trailers', headers, ends ? END_STREAM : 0);
    });
    if (ends) this.receiveEnd();
  }

  receiveData(chunk: Buffer): void {
    if (!this.destroyed && !this.remoteEnd) this.push(chunk);
  }

  receiveEnd(): void {
    if (this.destroyed || this.remoteEnd) return;
    this.remoteEnd = true;
    this.push(null);
    this.read(0);
    if (this.localEnd) this.finished(NO_ERROR);
  }

  receiveReset(code: number): void {
    this.finished(code);
  }

  /** The connection is gone. */
  lose(): void {
    if (this.destroyed) return;
    if (!this.reset) this.closeWith(CANCEL);
    this.destroy();
  }

  /** The window is open again. */
  flush(): void {
    for (const write of this.stalled.splice(0)) this.transmit(write);
    this.stalledEnd?.();
    this.stalledEnd = undefined;
  }

  // Node's own streams ask for these.

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: (error?: Error | null) => void): void {
    if (this.reset || this.destroyed) this.session.local.add(() => done());
    else if (this.isBlocked) this.stalled.push({ chunk, done });
    else this.transmit({ chunk, done });
  }

  override _final(done: (error?: Error | null) => void): void {
    const end = (): void => {
      if (this.reset || this.destroyed || this.localEnd) {
        done();
        return;
      }
      if (this.waitsForTrailers) {
        this.session.local.add(() => {
          done();
          if (!this.reset && !this.destroyed) this.emit('wantTrailers');
        });
        return;
      }
      this.session.local.add(() => done());
      this.send((to) => to.receiveEnd());
      this.endLocally();
    };
    // An empty DATA frame with END_STREAM fits through a closed window; trailers wait only behind data.
    if (this.stalled.length > 0) this.stalledEnd = end;
    else end();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    if (!this.reset) {
      this.closeWith(error === null ? CANCEL : 2);
      this.send((to) => to.receiveReset(this.rstCode));
    }
    this.push(null);
    for (const write of this.stalled.splice(0)) write.done();
    this.stalledEnd?.();
    done(error);
  }

  private get isBlocked(): boolean {
    return this.session.side === 'server' && (this.session.connection.blocked || this.stalled.length > 0);
  }

  private transmit({ chunk, done }: Write): void {
    this.send((to) => to.receiveData(chunk));
    this.session.local.add(() => done());
  }

  private send(arrives: (to: MemoryStream) => void): void {
    this.session.frame(() => {
      if (this.other !== undefined) arrives(this.other);
    });
  }

  private endLocally(): void {
    if (this.localEnd) return;
    this.localEnd = true;
    if (this.remoteEnd) this.session.local.add(() => this.finished(NO_ERROR));
  }

  private closeWith(code: number): void {
    this.reset = true;
    this.rstCode = code;
    if (this.writableEnded) return;
    this.aborting = true;
    this.emit('aborted');
    // An upload that is cut off still looks finished for a moment: END_STREAM leaves before RST_STREAM.
    if (this.session.side === 'client') this.send((to) => to.receiveEnd());
    this.end();
  }

  /** HTTP/2 is done with this stream. */
  private finished(code: number): void {
    if (this.destroyed) return;
    if (!this.reset) this.closeWith(code);
    const maybeDestroy = (): void => {
      if (this.writableFinished) this.destroy();
      else this.once('finish', () => this.destroy());
    };
    if (code !== NO_ERROR) {
      this.destroy();
      return;
    }
    this.push(null);
    if (this.readableEnded) maybeDestroy();
    else {
      this.once('end', maybeDestroy);
      this.read(0);
    }
  }
}

// Reset or ended on both sides; of other streams Node says by this that 'close' was emitted.
Object.defineProperty(MemoryStream.prototype, 'closed', {
  get(this: MemoryStream) {
    return this.reset;
  },
});

/** Headers as the other side reads them: texts, the HTTP status aside. */
function asSent(headers: Headers): Headers {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      typeof value === 'number' && name !== ':status' ? String(value) : value,
    ]),
  );
}
