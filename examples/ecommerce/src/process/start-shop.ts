import type { Config } from '../config.js';
import { replicas } from '../plan.js';
import { ServiceProcess } from './service-process.js';

export interface RunningShop {
  /** What the services keep their data in. */
  readonly database: string;
  /** Resolves with a sentence when a process ends that nobody stopped. */
  readonly broken: Promise<string>;
  /** Drains all services. */
  stop(): Promise<void>;
}

/** Starts all services in processes of their own: one, or one for each replica. Resolves when all of them serve. */
export async function startShop(config: Config, onProgress: (what: string) => void): Promise<RunningShop> {
  const all = replicas(config.portOffset);
  const processes = (config.processes ? all.map((replica) => [replica]) : [all]).map((own) => new ServiceProcess(own));
  const [first, ...others] = processes;
  const stop = async () => void (await Promise.all(processes.map((each) => each.stop())));
  try {
    // The first one prepares the database for all.
    const database = await first!.start(config, true, onProgress);
    await Promise.all(others.map((each) => each.start(config, false, onProgress)));
    const ended = Promise.race(processes.map(({ exited }) => exited));
    return { database, broken: ended.then((end) => `A process of the shop ended with ${end}.`), stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
