import { linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** PGlite itself lets two processes open one folder, and they would spoil each other's files. */
export interface FolderLock {
  release(): void;
}

/**
 * Takes a folder for this process, made if need be.
 *
 * @throws Error with a sentence for people when a living process holds it.
 */
export function lockFolder(folder: string): FolderLock {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, 'lock');
  for (;;) {
    if (tryCreate(file)) return { release: () => rmSync(file, { force: true }) };
    const holder = readHolder(file);
    if (holder !== undefined && isAlive(holder)) throw new Error(refusal(folder, holder.pid));
    rmSync(file, { force: true });
  }
}

interface Holder {
  readonly pid: number;
  /** When that process started, in the system's own ticks: process ids are used again. */
  readonly started: string | undefined;
}

/** A link appears at once and with its content: nobody reads a lock that is half written. */
function tryCreate(file: string): boolean {
  const draft = `${file}.${process.pid}`;
  const holder: Holder = { pid: process.pid, started: startOf(process.pid) };
  writeFileSync(draft, JSON.stringify(holder));
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

function readHolder(file: string): Holder | undefined {
  try {
    const holder = JSON.parse(readFileSync(file, 'utf8')) as Holder | null;
    return holder?.pid === undefined ? undefined : holder;
  } catch {
    return undefined;
  }
}

function isAlive({ pid, started }: Holder): boolean {
  try {
    process.kill(pid, 0);
  } catch (error) {
    // EPERM: alive, and somebody else's.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
  return startOf(pid) === started;
}

/** Linux tells when a process started; elsewhere the id alone has to do. */
function startOf(pid: number): string | undefined {
  try {
    const afterName = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1);
    return afterName?.split(' ')[19];
  } catch {
    return undefined;
  }
}

function refusal(folder: string, pid: number): string {
  return (
    `The shop is already running on ${folder} (process ${pid}), and its database serves one process at a time. ` +
    'Stop that one, or start this one with --memory and another SHOP_PORT_OFFSET.'
  );
}
