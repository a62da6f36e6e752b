import { randomInt } from 'node:crypto';
import { Redis } from 'ioredis';
import type { RedisServer } from '../../scripts/redis-server.mjs';
import { redisServer } from './redis.js';

const SLOTS = 16_384;

/** A cluster of three nodes without replicas, whose slots are all served. */
export async function redisCluster(): Promise<readonly RedisServer[]> {
  const busPorts = [0, 1, 2].map((i) => 20_000 + 3 * randomInt(4000) + i);
  const nodes = await Promise.all(busPorts.map((busPort) => redisServer(nodeOptions(busPort))));
  const clients = nodes.map(({ port }) => new Redis({ port, host: '127.0.0.1' }));
  const share = Math.ceil(SLOTS / nodes.length);
  await Promise.all(
    clients.map(async (client, i) => {
      await client.call('CLUSTER', ['ADDSLOTSRANGE', i * share, Math.min(SLOTS, (i + 1) * share) - 1]);
      await client.call('CLUSTER', ['SET-CONFIG-EPOCH', i + 1]);
    }),
  );
  const first = ['MEET', '127.0.0.1', nodes[0]!.port, busPorts[0]!];
  await Promise.all(clients.slice(1).map((client) => client.call('CLUSTER', first)));
  for (const client of clients) await untilWhole(client);
  for (const client of clients) client.disconnect();
  return nodes;
}

/** Nodes talk to each other on a second port. */
function nodeOptions(busPort: number): string[] {
  return ['--cluster-enabled', 'yes', '--cluster-port', String(busPort), '--cluster-node-timeout', '2000'];
}

async function untilWhole(client: Redis): Promise<void> {
  for (;;) {
    const info = String(await client.call('CLUSTER', ['INFO']));
    if (/cluster_state:ok/.test(info) && /cluster_known_nodes:3/.test(info)) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
