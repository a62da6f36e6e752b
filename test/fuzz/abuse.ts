import { connect, type Socket } from 'node:net';
import {
  END_HEADERS,
  END_STREAM,
  frame,
  headerBlock,
  INITIAL_WINDOW_SIZE,
  message,
  number,
  PREFACE,
  settings,
  TYPES,
} from './frames.js';

/** Draws a whole number below `below`. */
export type Draw = (below: number) => number;

/** Writes the frames of a bad client. */
export type Abuse = (peer: Peer, draw: Draw) => void;

const METHODS = ['Echo', 'ServerEcho', 'ClientEcho', 'BidiEcho'] as const;

/** A connection whose every byte is written by hand. */
export class Peer {
  readonly socket: Socket;
  private streams = -1;

  constructor(port: number, values: Readonly<Record<number, number>> = {}) {
    this.socket = connect(port, '127.0.0.1');
    this.socket.on('error', () => undefined);
    this.socket.resume();
    this.write(PREFACE, settings(values));
  }

  write(...bytes: readonly Buffer[]): void {
    if (!this.socket.destroyed) this.socket.write(Buffer.concat(bytes));
  }

  /** Opens a stream with the headers of a call, and answers its number. */
  call(draw: Draw, more: Readonly<Record<string, string>> = {}, flags = 0): number {
    const stream = (this.streams += 2);
    const headers = {
      ':method': 'POST',
      ':scheme': 'http',
      ':path': `/grpc_js_middleware.testing.v1.EchoService/${METHODS[draw(METHODS.length)]}`,
      ':authority': 'localhost',
      'content-type': 'application/grpc',
      te: 'trailers',
      ...more,
    };
    this.write(frame(TYPES.headers, END_HEADERS | flags, stream, headerBlock(headers)));
    return stream;
  }

  data(stream: number, bytes: Buffer, flags = 0): void {
    this.write(frame(TYPES.data, flags, stream, bytes));
  }

  reset(stream: number, code: number): void {
    this.write(frame(TYPES.reset, 0, stream, number(code)));
  }
}

/** An EchoRequest with some text. */
const REQUEST = message(Buffer.from([10, 2, 104, 105]));

interface Way {
  readonly name: string;
  readonly settings?: Readonly<Record<number, number>>;
  readonly run: Abuse;
}

/** The ways of being a bad client. Each is given a connection of its own. */
export const ways: readonly Way[] = [
  {
    name: 'DATA after END_STREAM',
    run: (peer, draw) => {
      const stream = peer.call(draw);
      peer.data(stream, REQUEST, END_STREAM);
      peer.data(stream, REQUEST);
    },
  },
  {
    name: 'a window of 0',
    settings: { [INITIAL_WINDOW_SIZE]: 0 },
    run: (peer, draw) => {
      for (let calls = 1 + draw(3); calls > 0; calls--) peer.data(peer.call(draw), REQUEST, END_STREAM);
    },
  },
  {
    name: 'a reset in some phase',
    run: (peer, draw) => {
      const phase = draw(5);
      const stream = peer.call(draw);
      if (phase > 0) peer.data(stream, REQUEST.subarray(0, 3));
      if (phase > 1) peer.data(stream, REQUEST.subarray(3));
      if (phase > 2) peer.data(stream, Buffer.alloc(0), END_STREAM);
      const code = [0, 2, 5, 7, 8, 11, 99][draw(7)]!;
      if (phase > 3) setTimeout(() => peer.reset(stream, code), draw(20));
      else peer.reset(stream, code);
    },
  },
  { name: 'no end of the requests', run: (peer, draw) => peer.data(peer.call(draw), REQUEST) },
  { name: 'a call without any request', run: (peer, draw) => void peer.call(draw, {}, END_STREAM) },
  {
    name: 'half a message',
    run: (peer, draw) => peer.data(peer.call(draw), REQUEST.subarray(0, 1 + draw(REQUEST.length - 1)), END_STREAM),
  },
  {
    name: 'a message that claims to be huge',
    run: (peer, draw) => peer.data(peer.call(draw), message(Buffer.from('x'), 0xffffffff), END_STREAM),
  },
  {
    name: 'garbage for a message',
    run: (peer, draw) => peer.data(peer.call(draw), message(Buffer.from([255, 255, 255, draw(256)])), END_STREAM),
  },
  {
    name: 'odd headers',
    run: (peer, draw) => {
      const odd = [
        { 'grpc-timeout': '99999999n' },
        { 'grpc-timeout': 'soon' },
        { 'grpc-timeout': '1n' },
        { 'grpc-encoding': 'morse' },
        { 'idempotency-key': 'a'.repeat(100) },
        { 'grpc-previous-rpc-attempts': '-1' },
        { 'x-bin-bin': '%%%' },
        { 'content-type': 'text/html' },
        { ':path': '/no/method' },
      ][draw(9)]! as unknown as Readonly<Record<string, string>>;
      peer.data(peer.call(draw, odd), REQUEST, END_STREAM);
    },
  },
  {
    name: 'a malformed header block',
    run: (peer, draw) => peer.write(frame(TYPES.headers, END_HEADERS, 1, Buffer.from([draw(256), 255, 255, 255, 255]))),
  },
  {
    name: 'frames of streams that are not there',
    run: (peer, draw) => {
      peer.data(peer.call(draw), REQUEST, END_STREAM);
      peer.write(frame([0, 3, 8][draw(3)]!, 0, 1 + 2 * draw(50), number(draw(2) * 5)));
    },
  },
  {
    name: 'a window that overflows',
    run: (peer, draw) => {
      const stream = peer.call(draw);
      peer.write(frame(TYPES.windowUpdate, 0, draw(2) * stream, number(0x7fffffff)));
      peer.data(stream, REQUEST, END_STREAM);
    },
  },
  {
    name: 'a call, then goaway',
    run: (peer, draw) => {
      peer.data(peer.call(draw), REQUEST, draw(2) * END_STREAM);
      peer.write(frame(TYPES.goaway, 0, 0, Buffer.concat([number(0), number(draw(14))])));
    },
  },
];
