import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { credentials, type ChannelCredentials, type ChannelOptions } from '@grpc/grpc-js';
import { isStatusError } from '../core/status/status-error.js';
import { checkHealth, type CheckHealthOptions } from './health-client.js';

export const healthUsage = `usage: grpc-js-middleware health HOST:PORT [options]

Asks a server's grpc.health.v1.Health whether it is serving.

  --service NAME      the service to ask for; without it, the server as a whole
  --timeout-ms N      how long to wait, connecting included (default 5000)
  --tls               connect with TLS, trusting the system's authorities
  --ca FILE           trust these authorities (PEM) instead; implies --tls
  --cert FILE         the client's certificate (PEM), with --key; implies --tls
  --key FILE          the certificate's private key (PEM)
  --server-name NAME  the name to expect in the server's certificate

exit status: 0 serving, 1 not serving, unknown or not reached, 64 wrong usage`;

/** Where the command writes, a line at a time. */
export interface CommandOutput {
  log(line: string): void;
  error(line: string): void;
}

/** 0 and 1 are what Docker and Kubernetes probes understand; 2 is reserved there. 64 is EX_USAGE of sysexits.h. */
const exit = { serving: 0, notServing: 1, usage: 64 } as const;

/**
 * The command `grpc-js-middleware health`, for container probes.
 *
 * @returns the exit status.
 */
export async function healthCommand(args: readonly string[], output: CommandOutput): Promise<number> {
  if (args.includes('--help') || args.includes('-h')) {
    output.log(healthUsage);
    return exit.serving;
  }
  let asked;
  try {
    asked = readArguments(args);
  } catch (error) {
    output.error(`${printable((error as Error).message)}\n\n${healthUsage}`);
    return exit.usage;
  }
  try {
    const status = await checkHealth(asked.target, asked.options);
    output.log(status);
    return status === 'SERVING' ? exit.serving : exit.notServing;
  } catch (error) {
    output.error(printable(isStatusError(error) ? `no answer from ${asked.target}: ${error.message}` : String(error)));
    return exit.notServing;
  }
}

/**
 * A server's text as one line that a terminal only shows: control characters, which move its cursor or clear it, and those
 * that turn the direction of writing are written as escapes.
 */
function printable(text: string): string {
  return text.replace(
    // eslint-disable-next-line no-control-regex -- these are what is looked for
    /[\u0000-\u001f\u007f-\u009f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g,
    (found) => `\\u${found.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function readArguments(args: readonly string[]): { readonly target: string; readonly options: CheckHealthOptions } {
  const { values, positionals } = parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      service: { type: 'string' },
      'timeout-ms': { type: 'string' },
      tls: { type: 'boolean' },
      ca: { type: 'string' },
      cert: { type: 'string' },
      key: { type: 'string' },
      'server-name': { type: 'string' },
    },
  });
  const [target, ...more] = positionals;
  if (target === undefined || more.length > 0) throw new Error('one HOST:PORT is expected');
  const timeoutMs = Number(values['timeout-ms'] ?? 5_000);
  if (!(timeoutMs >= 1)) throw new Error(`--timeout-ms must be a number of at least 1, got ${values['timeout-ms']}`);
  const channelOptions = serverNameOptions(values['server-name']);
  return {
    target,
    options: { service: values.service ?? '', timeoutMs, credentials: readCredentials(values), channelOptions },
  };
}

interface TlsArguments {
  readonly tls?: boolean;
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

function readCredentials({ tls, ca, cert, key }: TlsArguments): ChannelCredentials {
  if ((cert === undefined) !== (key === undefined)) throw new Error('--cert and --key belong together');
  if (tls !== true && ca === undefined && cert === undefined) return credentials.createInsecure();
  const read = (file: string | undefined) => (file === undefined ? null : readFileSync(file));
  return credentials.createSsl(read(ca), read(key), read(cert));
}

function serverNameOptions(name: string | undefined): ChannelOptions {
  return name === undefined ? {} : { 'grpc.ssl_target_name_override': name, 'grpc.default_authority': name };
}
