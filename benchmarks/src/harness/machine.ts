import { existsSync, readFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where and when something was measured, and with what. */
export interface Machine {
  readonly node: string;
  readonly cpu: string;
  readonly date: string;
  /** Over the last minute: beside other work than the benchmark's own, figures are worth less. */
  readonly load: number;
  readonly versions: Readonly<Record<string, string>>;
}

const MEASURED_WITH = [
  '@grpc/grpc-js',
  'pino',
  'prom-client',
  'jose',
  '@opentelemetry/sdk-trace-node',
  '@opentelemetry/instrumentation-grpc',
  'nice-grpc',
  'nice-grpc-prometheus',
  'nice-grpc-opentelemetry',
  '@connectrpc/connect-node',
];

export function thisMachine(): Machine {
  return {
    node: process.versions.node,
    cpu: `${cpus().length} × ${cpus()[0]?.model.trim() ?? 'unknown CPU'}`,
    date: new Date().toISOString().slice(0, 10),
    load: Number(loadavg()[0]!.toFixed(1)),
    versions: Object.fromEntries(MEASURED_WITH.map((name) => [name, versionOf(name)])),
  };
}

export const machineLine = ({ node, cpu, date, load }: Machine): string =>
  `Node ${node}, ${cpu}, ${date}, load average before ${load}`;

/** Not every package lets its package.json be imported. */
function versionOf(name: string): string {
  for (let folder = dirname(fileURLToPath(import.meta.url)); folder !== '/'; folder = dirname(folder)) {
    const file = join(folder, 'node_modules', name, 'package.json');
    if (existsSync(file)) return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
  }
  throw new Error(`${name} is not installed`);
}
