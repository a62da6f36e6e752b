import { setTimeout as delay } from 'node:timers/promises';
import { Client, credentials, status } from '@grpc/grpc-js';
import { retryClientInterceptor, type RetryOptions } from 'grpc-js-middleware/retry';
import type { Report } from '../harness/report.js';
import { Worker } from '../harness/worker.js';
import type { Attempts, FailingOrder } from '../overload/failing-server.js';
import { burn } from '../overload/service.js';

const CLIENTS = 100;
const CALLS_PER_SECOND = 5;
const FAILING_MS = 10_000;
const AROUND_MS = 3_000;
const DEADLINE_MS = 5_000;
const MAX_EXTRA = 0.2;
const MAX_RECOVERY_MS = 2_000;

const POLICIES: readonly { readonly name: string; readonly options: RetryOptions }[] = [
  { name: 'retries', options: {} },
  { name: 'and throttling', options: { throttling: { maxTokens: 10, tokenRatio: 0.1 } } },
];

/** A call that ended: whose it was, when, and whether well. */
interface Ending {
  readonly client: number;
  readonly at: number;
  readonly ok: boolean;
}

interface Outcome {
  readonly name: string;
  readonly attempts: Attempts;
  /** Further attempts for each first one while the server failed. */
  readonly extra: number;
  /** From the first good moment of the server to the last failed call, or to the first success of the last client. */
  readonly recoveryMs: number;
  readonly failedBefore: number;
  readonly failedAfter: number;
}

/** A server fails for ten seconds: how much do its clients add to its trouble, and how soon are they back? */
export default async function retryStorm(): Promise<Report> {
  const outcomes: Outcome[] = [];
  for (const { name, options } of POLICIES) outcomes.push(await storm(name, options));
  const throttled = outcomes.at(-1)!;
  return {
    title: `Retry storm: ${CLIENTS} clients, a server that fails for ${FAILING_MS / 1000} s`,
    how: `Each client has a connection, makes ${CALLS_PER_SECOND} calls a second whatever became of those before, and four attempts for each; the server, in a process of its own, answers UNAVAILABLE at once. "Extra" is what came beside first attempts while it failed, "back after" the time from its first good moment to the last failed call, or to the first success of the last client. Throttling: 10 tokens, ratio 0.1.`,
    columns: ['clients with', 'first attempts', 'further', 'extra', 'failed before', 'back after ms', 'failed after'],
    rows: outcomes.map(({ name, attempts, extra, recoveryMs, failedBefore, failedAfter }) => [
      name,
      attempts.first.toLocaleString('en'),
      attempts.further.toLocaleString('en'),
      `${(extra * 100).toFixed(1)} %`,
      String(failedBefore),
      recoveryMs.toFixed(0),
      String(failedAfter),
    ]),
    figures: { extraUnthrottled: outcomes[0]!.extra, extra: throttled.extra, recoveryMs: throttled.recoveryMs },
    failures: [
      ...(throttled.extra < MAX_EXTRA
        ? []
        : [`retries added ${(throttled.extra * 100).toFixed(1)} % of load, not under 20`]),
      ...(throttled.recoveryMs <= MAX_RECOVERY_MS
        ? []
        : [`calls were back after ${throttled.recoveryMs.toFixed(0)} ms, not 2 s`]),
    ],
  };
}

async function storm(name: string, options: RetryOptions): Promise<Outcome> {
  const { worker, ready: port } = await Worker.start<number>('overload/failing-server', []);
  const clients = Array.from({ length: CLIENTS }, () => clientOf(port, options));
  try {
    // Connections and compiled code are not what is measured.
    await Promise.all(clients.map((client) => burn(client, 20_000)));
    const endings: Ending[] = [];
    const until = performance.now() + AROUND_MS + FAILING_MS + AROUND_MS;
    const running = clients.map((client, index) => offer(client, index, until, endings));
    const order = (failing: boolean): Promise<Attempts> => worker.ask<Attempts>({ failing } satisfies FailingOrder);
    await delay(AROUND_MS);
    await order(true);
    const failsFrom = performance.now();
    await delay(FAILING_MS);
    const attempts = await order(false);
    const healedAt = performance.now();
    await Promise.all(running);
    return { name, attempts, extra: attempts.further / attempts.first, ...aftermath(endings, failsFrom, healedAt) };
  } finally {
    for (const client of clients) client.close();
    worker.stop();
  }
}

/** As from a process of its own: nothing is shared with the other clients. */
function clientOf(port: number, options: RetryOptions): Client {
  return new Client(`127.0.0.1:${port}`, credentials.createInsecure(), {
    'grpc.use_local_subchannel_pool': 1,
    interceptors: [retryClientInterceptor(options)],
  });
}

/** Calls come when they are due, evenly spread over all clients. */
async function offer(client: Client, index: number, until: number, endings: Ending[]): Promise<void> {
  const intervalMs = 1_000 / CALLS_PER_SECOND;
  const running: Promise<void>[] = [];
  await delay((index / CLIENTS) * intervalMs);
  for (let dueAt = performance.now(); dueAt < until; dueAt += intervalMs) {
    await delay(Math.max(0, dueAt - performance.now()));
    running.push(
      burn(client, DEADLINE_MS).then((code) => {
        endings.push({ client: index, at: performance.now(), ok: code === status.OK });
      }),
    );
  }
  await Promise.all(running);
}

function aftermath(
  endings: readonly Ending[],
  failsFrom: number,
  healedAt: number,
): Pick<Outcome, 'recoveryMs' | 'failedBefore' | 'failedAfter'> {
  const failed = endings.filter(({ ok }) => !ok);
  const late = failed.filter(({ at }) => at > healedAt);
  const back = new Map<number, number>();
  for (const { client, at, ok } of endings) if (ok && at > healedAt && !back.has(client)) back.set(client, at);
  const lastBack = back.size < CLIENTS ? Infinity : Math.max(...back.values());
  return {
    recoveryMs: Math.max(lastBack, ...late.map(({ at }) => at)) - healedAt,
    failedBefore: failed.filter(({ at }) => at < failsFrom).length,
    failedAfter: late.length,
  };
}
