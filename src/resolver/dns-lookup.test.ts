import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { dnsLookup, srvLookup, systemLookup } from './dns-lookup.js';

const types = { 1: 'A', 28: 'AAAA', 33: 'SRV' } as const;

/** The zone of a name server that answers over UDP on loopback. */
const zone: Record<
  string,
  { A?: number[][]; AAAA?: number[][]; SRV?: [priority: number, port: number, name: string][] }
> = {
  'two.example': {
    A: [
      [10, 0, 0, 1],
      [10, 0, 0, 2],
    ],
    AAAA: [[0xfd, ...Array<number>(14).fill(0), 1]],
  },
  'four.example': { A: [[10, 0, 0, 4]] },
  '_grpc._tcp.shop.example': {
    SRV: [
      [20, 1, 'spare.example'],
      [10, 50051, 'a.example'],
      [10, 50052, 'b.example'],
    ],
  },
};

const encodeName = (name: string) =>
  Buffer.concat([...name.split('.').map((part) => Buffer.from([part.length, ...Buffer.from(part)])), Buffer.from([0])]);

/** An answer in the form of RFC 1035, by hand: header, the question again, and the records. */
function answer(query: Buffer): Buffer {
  const end = query.indexOf(0, 12);
  let name = '';
  for (let at = 12; at < end; at += query[at]! + 1) name += `.${query.toString('latin1', at + 1, at + 1 + query[at]!)}`;
  const type = types[query.readUInt16BE(end + 1) as keyof typeof types];
  const known = zone[name.slice(1).toLowerCase()];
  const records = (known?.[type] ?? []).map((record) => {
    if (type !== 'SRV') return Buffer.from(record as number[]);
    const [priority, port, target] = record as [number, number, string];
    const head = Buffer.alloc(6);
    head.writeUInt16BE(priority, 0);
    head.writeUInt16BE(port, 4);
    return Buffer.concat([head, encodeName(target)]);
  });
  const header = Buffer.from(query.subarray(0, 12));
  header.writeUInt16BE(known === undefined ? 0x8583 : 0x8580, 2); // NXDOMAIN, or fine
  header.writeUInt16BE(1, 4);
  header.writeUInt16BE(records.length, 6);
  header.writeUInt32BE(0, 8);
  const answers = records.map((data) => {
    const head = Buffer.from([0xc0, 12, ...query.subarray(end + 1, end + 5), 0, 0, 0, 60, 0, 0]);
    head.writeUInt16BE(data.length, 10);
    return Buffer.concat([head, data]);
  });
  return Buffer.concat([header, query.subarray(12, end + 5), ...answers]);
}

let socket: Socket;
let servers: string[];

beforeAll(async () => {
  socket = createSocket('udp4');
  socket.on('message', (query, from) => socket.send(answer(query), from.port, from.address));
  socket.bind(0, '127.0.0.1');
  await once(socket, 'listening');
  servers = [`127.0.0.1:${socket.address().port}`];
});

afterAll(() => socket.close());

describe('dnsLookup', () => {
  test('asks name servers for A and AAAA', async () => {
    const lookup = dnsLookup({ servers });
    expect(await lookup({ host: 'two.example', port: 80 })).toEqual(['10.0.0.1:80', '10.0.0.2:80', '[fd00::1]:80']);
    expect(await lookup({ host: 'four.example', port: undefined })).toEqual(['10.0.0.4:443']);
    expect(await lookup({ host: '::1', port: 80 })).toEqual(['[::1]:80']);
  });

  test('fails for a name that is not there', async () => {
    await expect(dnsLookup({ servers })({ host: 'no.example', port: 80 })).rejects.toMatchObject({ code: 'ENOTFOUND' });
  });
});

describe('srvLookup', () => {
  test('takes ports from the records, and of them those of the best priority', async () => {
    const found = await srvLookup({ servers })({ host: '_grpc._tcp.shop.example', port: undefined });
    expect([...found].sort()).toEqual(['a.example:50051', 'b.example:50052']);
  });

  test('fails for a name that is not there', async () => {
    await expect(srvLookup({ servers })({ host: '_x._tcp.no', port: undefined })).rejects.toMatchObject({
      code: 'ENOTFOUND',
    });
  });
});

describe('systemLookup', () => {
  test('asks the operating system', async () => {
    const found = await systemLookup({ host: 'localhost', port: 80 });
    expect(found.some((address) => ['127.0.0.1:80', '[::1]:80'].includes(address))).toBe(true);
    expect(await systemLookup({ host: '127.0.0.1', port: undefined })).toEqual(['127.0.0.1:443']);
  });
});
