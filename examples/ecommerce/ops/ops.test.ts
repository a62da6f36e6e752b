import { Registry } from 'prom-client';
import {
  healthMetrics,
  metricsClientInterceptor,
  metricsServerInterceptor,
  overloadMetrics,
  retryMetrics,
} from 'grpc-js-middleware/metrics';
import { expect, test } from 'vitest';
import { dashboardExpressions, metricsIn, read } from './expressions.mjs';

// What promtool cannot say; `npm run check:ops` asks it the rest.

/** What a server and a client expose that count all there is. */
async function exposed(): Promise<string[]> {
  const register = new Registry();
  metricsServerInterceptor({ register });
  metricsClientInterceptor({ register });
  retryMetrics({ register });
  overloadMetrics({ register });
  healthMetrics({ register, health: { statuses: () => new Map() } });
  return metricsIn(await register.metrics());
}

test('the dashboard asks for metrics that exist', async () => {
  const asked = metricsIn(dashboardExpressions().join('\n'));
  expect(asked.length).toBeGreaterThan(6);
  expect(await exposed()).toEqual(expect.arrayContaining(asked));
});

test('so do the alerts, and their tests', async () => {
  for (const file of ['alerts.yaml', 'alerts.test.yaml']) {
    expect(metricsIn(read(file)).length).toBeGreaterThan(3);
    expect(await exposed()).toEqual(expect.arrayContaining(metricsIn(read(file))));
  }
});

test('every alert is tested', () => {
  const alerts = [...read('alerts.yaml').matchAll(/- alert: (\w+)/g)].map(([, name]) => name!);
  expect(alerts.length).toBeGreaterThan(4);
  for (const alert of alerts) {
    expect(read('alerts.test.yaml')).toMatch(new RegExp(`alertname: ${alert}\\n\\s+exp_alerts:\\n\\s+- exp_labels`));
  }
});

test('panels of the dashboard have a description, a place of their own, and queries for any data source', () => {
  interface Panel {
    id: number;
    type: string;
    description?: string;
    datasource?: { uid: string };
    gridPos: { x: number; y: number; w: number; h: number };
  }
  const { panels } = JSON.parse(read('grafana-dashboard.json')) as { panels: Panel[] };
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
    Array.from({ length: w * h }, (_, i) => `${x + (i % w)},${y + Math.floor(i / w)}`),
  );
  expect(new Set(cells).size).toBe(cells.length);
  for (const panel of panels.filter(({ type }) => type !== 'row')) {
    expect(panel.description).toBeTruthy();
    expect(panel.datasource?.uid).toBe('${datasource}');
  }
});
