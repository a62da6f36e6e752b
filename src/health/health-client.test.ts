import { createServer, type AddressInfo, type Server as TcpServer, type Socket } from 'node:net';
import { Server, ServerCredentials, status } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { checkHealth, watchHealth } from './health-client.js';
import { HealthService } from './health-service.js';

let health: HealthService;
let server: Server;
let target: string;

async function listen(added: Server): Promise<string> {
  const port = await new Promise<number>((resolve, reject) =>
    added.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    ),
  );
  return `127.0.0.1:${port}`;
}

beforeEach(async () => {
  health = new HealthService({ services: ['a'] });
  server = new Server();
  health.addTo(server);
  target = await listen(server);
});

afterEach(() => {
  health.close();
  server.forceShutdown();
});

describe('checkHealth', () => {
  test('answers for the whole server and for a service', async () => {
    health.setStatus('a', 'NOT_SERVING');
    expect(await checkHealth(target)).toBe('SERVING');
    expect(await checkHealth(target, { service: 'a' })).toBe('NOT_SERVING');
    expect(await checkHealth(target, { service: 'nothing' })).toBe('SERVICE_UNKNOWN');
  });

  test('fails clearly where nobody listens', async () => {
    server.forceShutdown();
    await expect(checkHealth(target)).rejects.toMatchObject({
      name: 'StatusError',
      code: status.UNAVAILABLE,
      details: expect.stringContaining('ECONNREFUSED') as unknown,
    });
  });

  test('fails clearly where there is no health service', async () => {
    const bare = new Server();
    try {
      await expect(checkHealth(await listen(bare))).rejects.toMatchObject({ code: status.UNIMPLEMENTED });
    } finally {
      bare.forceShutdown();
    }
  });

  test('waits no longer than it was told for a server that accepts and says nothing', async () => {
    const sockets: Socket[] = [];
    const silent: TcpServer = createServer((socket) => sockets.push(socket));
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as AddressInfo;
    try {
      await expect(checkHealth(`127.0.0.1:${port}`, { timeoutMs: 50 })).rejects.toMatchObject({
        code: status.DEADLINE_EXCEEDED,
      });
    } finally {
      for (const socket of sockets) socket.destroy();
      silent.close();
    }
  });

  test('refuses wrong options', async () => {
    await expect(checkHealth(target, { timeoutMs: 0 })).rejects.toThrow('checkHealth: timeoutMs must be a number');
  });
});

describe('watchHealth', () => {
  test('gives each change, and leaves nothing open when the loop is left', async () => {
    const heard: string[] = [];
    for await (const now of watchHealth(target, { service: 'a' })) {
      heard.push(now);
      if (heard.length === 3) break;
      health.setStatus('a', heard.length === 1 ? 'NOT_SERVING' : 'SERVING');
    }
    expect(heard).toEqual(['SERVING', 'NOT_SERVING', 'SERVING']);
    while (health.watching > 0) await checkHealth(target);
  });

  test('finishes when the server ends it', async () => {
    const heard: string[] = [];
    for await (const now of watchHealth(target)) {
      heard.push(now);
      health.shutdown();
    }
    expect(heard).toEqual(['SERVING', 'NOT_SERVING']);
  });

  test('finishes when its signal aborts', async () => {
    const stop = new AbortController();
    const heard: string[] = [];
    for await (const now of watchHealth(target, { signal: stop.signal })) {
      heard.push(now);
      stop.abort();
    }
    expect(heard).toEqual(['SERVING']);
    for await (const now of watchHealth(target, { signal: stop.signal })) heard.push(now);
    expect(heard).toHaveLength(1);
  });

  test('throws when the server dies', async () => {
    const heard: string[] = [];
    const watching = async () => {
      for await (const now of watchHealth(target)) {
        heard.push(now);
        server.forceShutdown();
      }
    };
    await expect(watching()).rejects.toMatchObject({ name: 'StatusError' });
    expect(heard).toEqual(['SERVING']);
  });
});
