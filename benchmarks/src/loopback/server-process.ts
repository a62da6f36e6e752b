// A server in a process of its own. Usage: server-process.js MODULE NAME, where MODULE exports `servers` by name.
import { workDone } from '../features/work.js';
import { answerQuestions } from '../harness/worker.js';
import type { Servers } from './servers.js';

/** What a server has used since it started. */
export interface ServerUse {
  readonly cpuUs: number;
  readonly rssMb: number;
  /** What was counted, when the end was asked for. */
  readonly done?: Readonly<Record<string, number>>;
}

const [module, name] = process.argv.slice(2) as [string, string];
const { servers } = (await import(`../${module}.js`)) as { servers: Servers };
const start = servers[name];
if (start === undefined) throw new Error(`No server named '${name}' in ${module}`);

/** Beside what has been used: a major collection first, or the end. */
export interface ServerQuestion {
  readonly collect?: boolean;
  readonly end?: boolean;
}

answerQuestions<ServerQuestion, ServerUse>({ port: await start() }, async ({ collect, end }) => {
  if (collect) globalThis.gc!();
  const { user, system } = process.cpuUsage();
  const use = { cpuUs: user + system, rssMb: process.memoryUsage.rss() / 1e6 };
  if (!end) return use;
  globalThis.gc!();
  return { ...use, rssMb: process.memoryUsage.rss() / 1e6, done: await workDone() };
});
