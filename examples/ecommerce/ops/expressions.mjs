import { readFileSync } from 'node:fs';

/** A file of this folder. */
export const read = (name) => readFileSync(new URL(name, import.meta.url), 'utf8');

/** Every PromQL expression of the dashboard, with its variables filled in as Grafana would. */
export function dashboardExpressions() {
  const { panels, annotations } = JSON.parse(read('grafana-dashboard.json'));
  const targets = panels.flatMap((panel) => panel.targets ?? []);
  return [...targets, ...annotations.list].map(({ expr }) =>
    expr.replaceAll('$__rate_interval', '1m').replaceAll(/\$(service|method)/g, '.*'),
  );
}

/** Names of metrics of ours in a text; those of a histogram's lines count as the histogram. */
export function metricsIn(text) {
  const names = text.match(/\bgrpc_(server|client|health)_[a-z_]+/g) ?? [];
  return [...new Set(names.map((name) => name.replace(/_(bucket|sum|count)$/, '')))];
}
