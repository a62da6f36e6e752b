import { spawn } from 'node:child_process';
import { webcrypto } from 'node:crypto';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Server, ServerCredentials } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import { healthCommand } from './health-command.js';
import { HealthService } from './health-service.js';

const health = new HealthService({ services: ['a', 'b'] });
const server = new Server();
const folder = mkdtempSync(join(tmpdir(), 'health-command-'));
let target: string;
let tlsTarget: string;

function listen(credentials: ServerCredentials): Promise<string> {
  return new Promise((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', credentials, (error, port) =>
      error === null ? resolve(`127.0.0.1:${port}`) : reject(error),
    ),
  );
}

/** A certificate for `shop.example` that vouches for itself, with its key, both as PEM. */
async function selfSigned(): Promise<{ certificate: string; key: string }> {
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
  const keys = await webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=shop.example',
    keys,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: 'shop.example' }]),
      new x509.BasicConstraintsExtension(true),
    ],
  });
  const pkcs8 = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  return { certificate: certificate.toString('pem'), key: x509.PemConverter.encode(pkcs8, 'PRIVATE KEY') };
}

beforeAll(async () => {
  health.setStatus('b', 'NOT_SERVING');
  health.addTo(server);
  target = await listen(ServerCredentials.createInsecure());
  const { certificate, key } = await selfSigned();
  writeFileSync(join(folder, 'ca.pem'), certificate);
  const pair = { cert_chain: Buffer.from(certificate), private_key: Buffer.from(key) };
  tlsTarget = await listen(ServerCredentials.createSsl(null, [pair]));
});

afterAll(() => {
  health.close();
  server.forceShutdown();
});

async function run(...args: string[]) {
  const lines: string[] = [];
  const output = { log: (line: string) => lines.push(line), error: (line: string) => lines.push(line) };
  const exit = await healthCommand(args, output);
  return { exit, text: lines.join('\n') };
}

describe('grpc-js-middleware health', () => {
  test('leaves with 0 only for what is serving', async () => {
    expect(await run(target)).toEqual({ exit: 0, text: 'SERVING' });
    expect(await run(target, '--service', 'a')).toEqual({ exit: 0, text: 'SERVING' });
    expect(await run(target, '--service=b')).toEqual({ exit: 1, text: 'NOT_SERVING' });
    expect(await run(target, '--service', 'c')).toEqual({ exit: 1, text: 'SERVICE_UNKNOWN' });
  });

  test('leaves with 1 and says why where there is no answer', async () => {
    const { exit, text } = await run('127.0.0.1:1', '--timeout-ms', '2000');
    expect(exit).toBe(1);
    expect(text).toMatch(/^no answer from 127\.0\.0\.1:1: .*ECONNREFUSED/);
  });

  test('speaks TLS, and checks the name', async () => {
    const ca = join(folder, 'ca.pem');
    expect(await run(tlsTarget, '--ca', ca, '--server-name', 'shop.example')).toEqual({ exit: 0, text: 'SERVING' });
    expect((await run(tlsTarget, '--ca', ca, '--server-name', 'else.example', '--timeout-ms', '500')).exit).toBe(1);
    expect((await run(tlsTarget, '--tls', '--timeout-ms', '500')).exit).toBe(1);
  });

  test.each([
    [[], 'one HOST:PORT is expected'],
    [['a:1', 'b:2'], 'one HOST:PORT is expected'],
    [['a:1', '--nonsense'], '--nonsense'],
    [['a:1', '--timeout-ms', 'soon'], '--timeout-ms must be a number'],
    [['a:1', '--cert', 'x'], '--cert and --key belong together'],
    [['a:1', '--ca', '/nowhere/ca.pem'], 'ENOENT'],
  ])('leaves with 64 for %j', async (args, message) => {
    const { exit, text } = await run(...args);
    expect(exit).toBe(64);
    expect(text).toContain(message);
    expect(text).toContain('usage: grpc-js-middleware health');
  });

  test('explains itself', async () => {
    const { exit, text } = await run('--help');
    expect(exit).toBe(0);
    expect(text).toMatch(/^usage: grpc-js-middleware health HOST:PORT/);
  });

  test('is a command', async () => {
    const command = spawn(process.execPath, ['--import', 'tsx', 'src/cli.ts', 'health', target]);
    let text = '';
    command.stdout.on('data', (chunk: Buffer) => (text += chunk.toString()));
    const exit = await new Promise((resolve) => command.on('exit', resolve));
    expect({ exit, text }).toEqual({ exit: 0, text: 'SERVING\n' });
  });
});
