import type { Report } from '../harness/report.js';
import { withReplicas, type Replica } from '../replicas/fleet.js';
import { connect, kinds, load } from '../replicas/load.js';

const CALLS = 20_000;

/** Three replicas are restarted, one after the other, under load: does anybody notice? */
export default function rollingRestart(): Promise<Report> {
  return withReplicas(async (replicas) => {
    const { make, close } = connect(replicas);
    let restarts = 0;
    const restarting = (async () => {
      for (const replica of replicas) {
        await restart(replica);
        restarts++;
      }
    })();
    const startedAt = performance.now();
    const tallies = await load(make, kinds, 16, (started) => started < CALLS || restarts < replicas.length);
    const seconds = (performance.now() - startedAt) / 1_000;
    await restarting;
    close();
    const failed = [...tallies.values()].reduce((sum, tally) => sum + tally.failed, 0);
    const calls = [...tallies.values()].reduce((sum, tally) => sum + tally.took.length, 0);
    return {
      title: 'Rolling restart of three replicas under load',
      how: `Three processes in round robin with health checks; 16 calls at a time, ${Math.round(calls / seconds)} a second on average; each replica in turn is sent SIGTERM, drains (NOT_SERVING, 300 ms, GOAWAY, close) and starts again. No retry interceptor.`,
      columns: ['kind', 'calls', 'failed', 'median ms', '99 % ms', 'slowest ms'],
      rows: [...tallies].map(([kind, tally]) => [
        kind,
        tally.took.length.toLocaleString('en'),
        tally.failed === 0 ? '0' : JSON.stringify(tally.failures),
        tally.percentile(0.5).toFixed(1),
        tally.percentile(0.99).toFixed(1),
        tally.percentile(1).toFixed(1),
      ]),
      figures: { calls, failed, restarts },
      failures: failed > 0 ? [`${failed} of ${calls} calls failed`] : [],
    };
  });
}

async function restart(replica: Replica): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, 500));
  await replica.signal('SIGTERM');
  await replica.start();
}
