import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

// A client that is not ours and not JavaScript: buf is written in Go, and knows of a server only what reflection says.

const ROOT = fileURLToPath(new URL('../../../..', import.meta.url));
const BUF = join(ROOT, 'node_modules/.bin/buf');
const PROTO = join(ROOT, 'examples/ecommerce/proto');

export interface Answer {
  /** Eight times the gRPC code. */
  readonly exitStatus: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** `buf curl` of an RPC, or of a server as a whole when its name is empty. */
export function bufCurl(address: string, rpc: string, ...args: readonly string[]): Promise<Answer> {
  const url = `http://${address}${rpc && `/${rpc}`}`;
  return buf(['curl', '--protocol', 'grpc', '--http2-prior-knowledge', ...args, url]);
}

/** The details of an error as buf printed it, each by its type, decoded by buf too. */
export async function detailsOf({ stderr }: Answer): Promise<Record<string, unknown>> {
  const { details } = JSON.parse(stderr) as { details: { type: string; value: string }[] };
  const decoded = details.map(async ({ type, value }) => [type, await decode(type, value)] as const);
  return Object.fromEntries(await Promise.all(decoded));
}

async function decode(type: string, base64: string): Promise<unknown> {
  const args = ['convert', PROTO, '--type', type, '--from', '-#format=binpb'];
  const { stdout } = await buf(args, Buffer.from(base64, 'base64'));
  return JSON.parse(stdout);
}

function buf(args: readonly string[], input?: Uint8Array): Promise<Answer> {
  return new Promise((resolve) => {
    const child = execFile(BUF, args, (error, stdout, stderr) => {
      resolve({ exitStatus: error === null ? 0 : Number(error.code), stdout, stderr });
    });
    child.stdin!.end(input);
  });
}
