import { setTimeout as delay } from 'node:timers/promises';
import { retryClientInterceptor } from 'grpc-js-middleware/retry';
import type { Report } from '../harness/report.js';
import { withReplicas, type Replica } from '../replicas/fleet.js';
import type { Tally } from '../replicas/load.js';
import { connect, load } from '../replicas/load.js';

const CALLS = 6_000;
const keepaliveTimeMs = 1_000;
const keepaliveTimeoutMs = 1_000;

interface Outcome {
  readonly what: string;
  readonly tally: Tally;
  /** How far a replica's share was from even, in per cent. */
  readonly unevenness?: number;
}

/** What do clients notice of replicas that run, die, and hang? */
export default function replicaLost(): Promise<Report> {
  return withReplicas(async (replicas) => {
    const outcomes = [await evenSpread(replicas), await killed(replicas), await hung(replicas)];
    const [even, dead, frozen] = outcomes as [Outcome, Outcome, Outcome];
    const worst = frozen.tally.percentile(1);
    const limit = keepaliveTimeMs + keepaliveTimeoutMs;
    return {
      title: 'Replicas that run, are killed, and hang',
      how: `Unary calls, 16 at a time, to three processes in round robin with health checks, keepalive ${keepaliveTimeMs} ms and timeout ${keepaliveTimeoutMs} ms, and retryClientInterceptor. "Killed" is SIGKILL in the middle, "hung" SIGSTOP: the slowest call shows how soon the hung replica was given up.`,
      columns: ['replicas', 'calls', 'failed', 'from even', 'median ms', 'slowest ms'],
      rows: outcomes.map(({ what, tally, unevenness }) => [
        what,
        tally.took.length.toLocaleString('en'),
        tally.failed === 0 ? '0' : JSON.stringify(tally.failures),
        unevenness === undefined ? '' : `${unevenness.toFixed(2)} %`,
        tally.percentile(0.5).toFixed(1),
        tally.percentile(1).toFixed(0),
      ]),
      figures: {
        unevenness: even.unevenness!,
        failedAfterKill: dead.tally.failed,
        failedAfterHang: frozen.tally.failed,
        noticedAfterMs: worst,
      },
      failures: [
        ...(even.unevenness! > 2 ? [`the spread was ${even.unevenness!.toFixed(1)} % from even`] : []),
        ...(dead.tally.failed > 0 ? [`${dead.tally.failed} calls failed after SIGKILL`] : []),
        ...(frozen.tally.failed > 0 ? [`${frozen.tally.failed} calls failed after SIGSTOP`] : []),
        ...(worst > limit * 1.1 ? [`the hung replica was noticed after ${worst.toFixed(0)} ms`] : []),
      ],
    };
  });
}

/** A client of its own for each trial, connected to all replicas before it counts. */
async function trial(
  replicas: readonly Replica[],
  calls: number,
  meanwhile?: (done: () => void) => Promise<void>,
): Promise<Tally> {
  const { make, close } = connect(
    replicas,
    { keepaliveTimeMs, keepaliveTimeoutMs },
    { interceptors: [retryClientInterceptor({ maxAttempts: 4 })] },
  );
  const seen = new Set<string>();
  while (seen.size < replicas.length) seen.add(await make.unary());
  let over = meanwhile === undefined;
  const happening = meanwhile?.(() => (over = true));
  const tallies = await load(make, ['unary'], 16, (started) => started < calls || !over);
  await happening;
  close();
  return tallies.get('unary')!;
}

async function evenSpread(replicas: readonly Replica[]): Promise<Outcome> {
  const tally = await trial(replicas, CALLS);
  const even = tally.took.length / replicas.length;
  const unevenness = Math.max(...replicas.map(({ name }) => Math.abs((tally.answered[name] ?? 0) / even - 1))) * 100;
  return { what: 'run', tally, unevenness };
}

async function killed(replicas: readonly Replica[]): Promise<Outcome> {
  const tally = await trial(replicas, CALLS, async (done) => {
    await delay(500);
    await replicas[0]!.signal('SIGKILL');
    await delay(500);
    done();
  });
  await replicas[0]!.start();
  return { what: 'one killed', tally };
}

async function hung(replicas: readonly Replica[]): Promise<Outcome> {
  const tally = await trial(replicas, CALLS, async (done) => {
    await delay(500);
    await replicas[1]!.signal('SIGSTOP');
    await delay(keepaliveTimeMs + keepaliveTimeoutMs + 1_000);
    await replicas[1]!.signal('SIGCONT');
    done();
  });
  return { what: 'one hung', tally };
}
