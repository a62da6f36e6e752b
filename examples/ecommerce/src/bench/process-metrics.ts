import { httpUrl, type Place } from '../plan.js';

/** One of Node's own metrics, of each process of the shop by its name. */
export async function processMetrics(metric: string, { portOffset }: Place): Promise<Map<string, number>> {
  const text = await (await fetch(`${httpUrl(portOffset)}/metrics`)).text();
  const lines = text.matchAll(new RegExp(`^${metric}\\{[^}]*process="([^"]+)"[^}]*\\} (\\S+)$`, 'gm'));
  return new Map([...lines].map(([, process, value]) => [process!, Number(value)]));
}
