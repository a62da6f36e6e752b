import { execFile, spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { Metadata, credentials } from '@grpc/grpc-js';
import { createRemoteJWKSet, jwtVerify } from 'jose';
import { promiseClient } from 'grpc-js-middleware/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { UserServiceClient } from './gen/user/user.js';
import { AUDIENCE, ISSUER } from './identity/issuer.js';
import { httpUrl, replicas } from './plan.js';

// What `npm start` and `npm run token` run, as programs, with what a shop that is open says over HTTP.

const inRoot = (path: string) => fileURLToPath(new URL(`../../../${path}`, import.meta.url));
const inDist = (path: string) => inRoot(`examples/ecommerce/dist/${path}`);

/** Above the ports that the kernel gives away, and unlike those of other shops on this machine. */
const portOffset = 12_100 + 20 * Math.floor(Math.random() * 140);
const place = { portOffset };
const env = { ...process.env, DATABASE_URL: '', SHOP_PORT_OFFSET: String(portOffset) };

let shop: ChildProcess;

beforeAll(async () => {
  spawnSync(process.execPath, [inRoot('scripts/ensure-built.mjs')], { stdio: 'inherit' });
  shop = spawn(process.execPath, [inDist('main.js'), '--memory'], { env, stdio: ['ignore', 'pipe', 'inherit'] });
  for await (const line of createInterface({ input: shop.stdout! })) if (line.startsWith('The shop serves')) break;
}, 120_000);

afterAll(() => void shop.kill('SIGKILL'));

interface Outcome {
  readonly exitStatus: number;
  readonly said: string;
}

function run(program: string, ...args: readonly string[]): Promise<Outcome> {
  return new Promise((resolve) => {
    execFile(process.execPath, [inDist(program), ...args], { env }, (error, stdout, stderr) =>
      resolve({ exitStatus: Number(error?.code ?? 0), said: (stdout + stderr).trim() }),
    );
  });
}

async function get(path: string): Promise<{ status: number; type: string | null; text: string }> {
  const response = await fetch(httpUrl(portOffset) + path);
  return { status: response.status, type: response.headers.get('content-type'), text: await response.text() };
}

test('the process lives, and every replica serves', async () => {
  const [health, readiness] = [await get('/healthz'), await get('/readyz')];

  expect([health.status, JSON.parse(health.text)]).toEqual([200, { status: 'ok' }]);
  const all = Object.fromEntries(replicas(place).map(({ name }) => [name, true]));
  expect([readiness.status, JSON.parse(readiness.text)]).toEqual([200, all]);
});

test('a shop with a replica that is gone is not ready; only administrators make it so', async () => {
  const { said: token } = await run('token.js', '--user', '3', '--role', 'admin');
  const strike = (accident: string, headers: Record<string, string>) =>
    fetch(`${httpUrl(portOffset)}/replicas/chat/${accident}`, { method: 'POST', headers });
  const { said: customer } = await run('token.js');
  const refused = [await strike('stop', {}), await strike('stop', { authorization: `Bearer ${customer}` })];
  expect(refused.map(({ status }) => status)).toEqual([403, 403]);

  await strike('stop', { authorization: `Bearer ${token}` });
  const without = await get('/readyz');
  await strike('start', { authorization: `Bearer ${token}` });

  expect(without.status).toBe(503);
  expect(JSON.parse(without.text)).toMatchObject({ chat: false, orders: true });
  expect((await get('/readyz')).status).toBe(200);
});

test('Prometheus reads what all services have counted', async () => {
  const { status, type, text } = await get('/metrics');

  expect([status, type]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8']);
  expect(text).toMatch(/grpc_server_handled_total\{[^}]*grpc_service="chat.ChatService"[^}]*\} \d/);
});

test('the keys that anybody may read verify the tokens that `npm run token` prints, and sign none', async () => {
  const { said: token, exitStatus } = await run('token.js', '--user', '1', '--role', 'customer');
  const keys = createRemoteJWKSet(new URL(`${httpUrl(portOffset)}/.well-known/jwks.json`));

  expect(exitStatus).toBe(0);
  const { payload } = await jwtVerify(token, keys, { issuer: ISSUER, audience: AUDIENCE });
  expect(payload).toMatchObject({ sub: '1', roles: ['customer'] });
  expect(Object.keys((JSON.parse((await get('/.well-known/jwks.json')).text) as Jwks).keys[0]!)).not.toContain('d');

  const address = replicas(place).find(({ server }) => server === 'users')!.address;
  const client = new UserServiceClient(address, credentials.createInsecure());
  const metadata = new Metadata();
  metadata.set('authorization', `Bearer ${token}`);
  expect((await promiseClient(client).getUser({ id: 1 }, { metadata })).user!.name).toBe('Ada Lovelace');
  client.close();
});
interface Jwks {
  readonly keys: object[];
}

test.each([
  [['--user', 'ada'], '--user must be the id of a user, not ada.'],
  [['--user', '0'], '--user must be the id of a user, not 0.'],
  [['--role', 'service'], '--role must be customer or admin, not service.'],
  [['--forever'], "Unknown option '--forever'"],
])('`npm run token` with %j says what is wrong, and how it is used', async (args, sentence) => {
  const { exitStatus, said } = await run('token.js', ...args);

  expect(exitStatus).toBe(1);
  expect(said).toContain(sentence);
  expect(said).toContain('npm run token -- --user 1');
});

test('a second shop on the same ports says what to do; a wrong option, how it is used', async () => {
  const [second, wrong] = [await run('main.js', '--once', '--memory'), await run('main.js', '--chaos')];

  expect(second.exitStatus).toBe(1);
  expect(second.said).toContain('is another shop open? SHOP_PORT_OFFSET=100 moves all ports.');
  expect(wrong).toMatchObject({ exitStatus: 1 });
  expect(wrong.said).toContain('npm start -- [--once]');
});

test('asked to stop, it drains and leaves with 0', async () => {
  shop.kill('SIGTERM');

  expect(await once(shop, 'exit')).toEqual([0, null]);
});
