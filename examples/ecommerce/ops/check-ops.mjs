// npm run check:ops: what stands in this folder, held against promtool (Debian: apt-get install prometheus).
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { dashboardExpressions } from './expressions.mjs';

const here = fileURLToPath(new URL('.', import.meta.url));
const root = fileURLToPath(new URL('../../..', import.meta.url));
const scratch = mkdtempSync(join(tmpdir(), 'check-ops-'));

const checks = {
  'alert rules are valid': () => promtool(['check', 'rules', 'alerts.yaml']),
  'alerts fire when they should': () => promtool(['test', 'rules', 'alerts.test.yaml']),
  'queries of the dashboard are valid': () => promtool(['check', 'rules', dashboardAsRules()]),
  'metrics have proper names and types': async () =>
    promtool(['check', 'metrics'], await ourMetrics('grpc-prometheus')),
  'so have the compact ones': async () => promtool(['check', 'metrics'], await ourMetrics('compact')),
  'so have retries, overload and health': async () => promtool(['check', 'metrics'], await observersMetrics()),
};

process.exitCode = await run();

async function run() {
  if (spawnSync('promtool', ['--version']).error !== undefined) {
    console.error('promtool is missing. On Debian: apt-get install prometheus (the server need not run).');
    return 1;
  }
  let failed = 0;
  for (const [claim, check] of Object.entries(checks)) {
    const { status, stdout, stderr } = await check();
    console.log(`${status === 0 ? '✔' : '✖'} ${claim}`);
    if (status === 0) continue;
    failed++;
    console.error(`${stdout}${stderr}`);
  }
  rmSync(scratch, { recursive: true });
  return failed === 0 ? 0 : 1;
}

function promtool(args, input) {
  return spawnSync('promtool', args, { cwd: here, input, encoding: 'utf8' });
}

/** promtool knows no dashboards, but rules. JSON is YAML. */
function dashboardAsRules() {
  const rules = dashboardExpressions().map((expr, index) => ({ record: `dashboard:query:${index}`, expr }));
  const file = join(scratch, 'dashboard.yaml');
  writeFileSync(file, JSON.stringify({ groups: [{ name: 'dashboard', rules }] }));
  return file;
}

/** A scrape of a server and a client, whose series stand at zero: a line of each name, type and label. */
async function ourMetrics(style) {
  spawnSync(process.execPath, [join(root, 'scripts/ensure-built.mjs')], { stdio: 'inherit' });
  const { metricsClientInterceptor, metricsServerInterceptor } = await import('grpc-js-middleware/metrics');
  const { Registry } = await import('prom-client');
  const methods = [{ Get: { path: '/shop.Shop/Get', requestStream: false, responseStream: false } }];
  const sides = [metricsServerInterceptor, metricsClientInterceptor];
  const registries = sides.map((interceptor) => {
    const register = new Registry();
    interceptor({ register, style, methods, labels: { tenant: () => '' } });
    return register;
  });
  // Compact has the same names on both sides.
  const scraped = style === 'compact' ? registries.slice(1) : registries;
  return (await Promise.all(scraped.map((register) => register.metrics()))).join('');
}

/** A scrape after one event of each kind. */
async function observersMetrics() {
  spawnSync(process.execPath, [join(root, 'scripts/ensure-built.mjs')], { stdio: 'inherit' });
  const { healthMetrics, overloadMetrics, retryMetrics } = await import('grpc-js-middleware/metrics');
  const { Registry } = await import('prom-client');
  const register = new Registry();
  const method = { path: '/shop.Shop/Get', service: 'shop.Shop', name: 'Get', kind: 'unary' };
  const retries = retryMetrics({ register });
  const failure = { method, error: { code: 14 }, reason: 'status' };
  retries.onRetry(failure);
  retries.onGiveUp(failure);
  retries.onHedge({ method, reason: 'delay' });
  retries.onCallSettled({ method, retryDelayMs: 20 });
  const overload = overloadMetrics({ register });
  overload.onDecision({ method, kind: 'rate_limit', decision: 'refused' });
  overload.onDecision({ method, kind: 'circuit_breaker', decision: 'admitted' });
  overload.onStateChange({ key: 'shop.Shop', from: 'closed', to: 'open' });
  healthMetrics({ register, health: { statuses: () => new Map([['', 'SERVING']]) }, labels: { replica: 'shop-1' } });
  return register.metrics();
}
