// node examples/ecommerce/ops/scrape-check.mjs: a real Prometheus scrapes the shop, and answers how often what was called.
//
// It asks the shop that is up, or starts one of its own (in memory, on ports of its own, until the check is over). All of
// it on 127.0.0.1, in a temporary folder, and over within three minutes. Prometheus: on Debian, apt-get install prometheus.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { clearTimeout, setTimeout } from 'node:timers';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const { fetch } = globalThis;
const here = fileURLToPath(new URL('.', import.meta.url));
const root = fileURLToPath(new URL('../../..', import.meta.url));
const HTTP_PORT = 9464;
const OWN_OFFSET = 7000;
const QUERY = 'sum by (grpc_service, grpc_method, grpc_code) (grpc_server_handled_total)';

const scratch = mkdtempSync(join(tmpdir(), 'scrape-check-'));
const children = [];
const tooLong = setTimeout(() => finish('The check took longer than three minutes.'), 180_000);

try {
  if (spawnSync('prometheus', ['--version']).error !== undefined) {
    throw new Error('prometheus is missing. On Debian: apt-get install prometheus (it need not run as a service).');
  }
  const shop = await theShop();
  const prometheus = await startPrometheus(new URL(shop).host);
  await expectTargetUp(prometheus);
  const answered = await agreement(shop, prometheus);
  await expectRulesHealthy(prometheus);
  console.table(answered);
  const calls = answered.reduce((sum, row) => sum + row.calls, 0);
  console.log(
    `✔ Prometheus counted ${calls} calls of ${answered.length} kinds, as the shop does; alert rules are loaded`,
  );
  await finish();
} catch (error) {
  await finish(error instanceof Error ? error.message : String(error));
}

/** The address of a shop that serves: the one that is up, or a new one. */
async function theShop() {
  const offset = Number(process.env.SHOP_PORT_OFFSET || 0);
  const running = `http://127.0.0.1:${HTTP_PORT + offset}`;
  if (await isReady(running)) return running;
  console.log('No shop is up: starting one, which takes its journey first');
  const shop = start('npm', ['start', '--silent', '--', '--memory'], {
    cwd: root,
    env: { ...process.env, SHOP_PORT_OFFSET: String(OWN_OFFSET) },
  });
  let said = '';
  shop.stdout.on('data', (text) => (said += text));
  await until('the shop has taken its journey', () => {
    if (shop.exitCode !== null) throw new Error(`The shop did not start:\n${said}`);
    return said.includes('The shop serves');
  });
  return `http://127.0.0.1:${HTTP_PORT + OWN_OFFSET}`;
}

async function isReady(shop) {
  const response = await fetch(`${shop}/readyz`).catch(() => undefined);
  return response?.ok === true;
}

async function startPrometheus(target) {
  const config = {
    global: { scrape_interval: '1s', evaluation_interval: '1s' },
    rule_files: [join(here, 'alerts.yaml')],
    scrape_configs: [{ job_name: 'shop', static_configs: [{ targets: [target] }] }],
  };
  const file = join(scratch, 'prometheus.yaml');
  writeFileSync(file, JSON.stringify(config)); // JSON is YAML
  const address = `127.0.0.1:${await freePort()}`;
  const data = `--storage.tsdb.path=${join(scratch, 'data')}`;
  start('prometheus', [`--config.file=${file}`, data, `--web.listen-address=${address}`, '--log.level=error']);
  const url = `http://${address}`;
  await until('Prometheus is ready', async () => (await fetch(`${url}/-/ready`).catch(() => undefined))?.ok === true);
  return url;
}

async function expectTargetUp(prometheus) {
  await until('Prometheus has scraped the shop', async () => {
    const { activeTargets } = await ask(prometheus, 'targets');
    return activeTargets.length === 1 && activeTargets[0].health === 'up';
  });
}

/** Asks until Prometheus answers for every series what the shop itself says, before and after: calls may go on. */
async function agreement(shop, prometheus) {
  let rows;
  await until('Prometheus and the shop agree', async () => {
    const before = await countsOf(shop);
    await sleep(2_100); // two scrapes
    const { result } = await ask(prometheus, `query?query=${encodeURIComponent(QUERY)}`);
    const after = await countsOf(shop);
    rows = result.map(({ metric, value }) => ({
      method: `${metric.grpc_service}/${metric.grpc_method}`,
      code: metric.grpc_code,
      calls: Number(value[1]),
    }));
    const isBetween = ({ method, code, calls }) => {
      const key = `${method} ${code}`;
      return calls >= (before.get(key) ?? 0) && calls <= (after.get(key) ?? 0);
    };
    return (
      rows.length > 0 && rows.length >= before.size && rows.every(isBetween) && rows.some(({ calls }) => calls > 0)
    );
  });
  return rows
    .filter(({ calls }) => calls > 0)
    .sort((a, b) => `${a.method} ${a.code}`.localeCompare(`${b.method} ${b.code}`));
}

/** Calls by method and code, read from the page itself. */
async function countsOf(shop) {
  const text = await (await fetch(`${shop}/metrics`)).text();
  const counts = new Map();
  for (const line of text.split('\n').filter((each) => each.startsWith('grpc_server_handled_total{'))) {
    const label = (name) => new RegExp(`${name}="([^"]*)"`).exec(line)[1];
    const key = `${label('grpc_service')}/${label('grpc_method')} ${label('grpc_code')}`;
    counts.set(key, (counts.get(key) ?? 0) + Number(line.slice(line.lastIndexOf(' '))));
  }
  return counts;
}

async function expectRulesHealthy(prometheus) {
  await until('alert rules are evaluated', async () => {
    const { groups } = await ask(prometheus, 'rules');
    const rules = groups.flatMap((group) => group.rules);
    return rules.length > 0 && rules.every(({ health }) => health === 'ok');
  });
}

async function ask(prometheus, path) {
  const answer = await (await fetch(`${prometheus}/api/v1/${path}`)).json();
  if (answer.status !== 'success') throw new Error(`Prometheus: ${answer.error}`);
  return answer.data;
}

async function until(what, holds, timeoutMs = 90_000) {
  const last = Date.now() + timeoutMs;
  while (!(await holds())) {
    if (Date.now() > last) throw new Error(`Waited in vain: ${what}`);
    await sleep(250);
  }
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}

/** Starts a program in a process group of its own, so that what it starts ends with it. */
function start(command, args, options = {}) {
  const child = spawn(command, args, { ...options, detached: true, stdio: ['ignore', 'pipe', 'inherit'] });
  child.stdout.resume();
  children.push(child);
  child.on('error', (error) => finish(`${command}: ${error.message}`));
  return child;
}

async function finish(problem) {
  clearTimeout(tooLong);
  if (problem !== undefined) console.error(`✖ ${problem}`);
  process.exitCode = problem === undefined ? 0 : 1;
  await Promise.all(children.map(stop));
  rmSync(scratch, { recursive: true, force: true });
}

/** Ends a program and waits until nothing of its group is left; the shop drains first. */
async function stop({ pid }) {
  if (pid === undefined || !signal(pid, 'SIGTERM')) return;
  const last = Date.now() + 20_000;
  while (signal(pid, 0)) {
    if (Date.now() > last) signal(pid, 'SIGKILL');
    await sleep(100);
  }
}

/** Whether there was still somebody to hear it. */
function signal(group, name) {
  try {
    return process.kill(-group, name);
  } catch {
    return false;
  }
}
