import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { X509Certificate } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ensureCertificates, SERVICE_ID, tlsFiles, type TlsFiles } from './files.js';

let folder: string;
let files: TlsFiles;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'shop-tls-'));
  files = await ensureCertificates(tlsFiles(folder));
});
afterAll(() => rmSync(folder, { recursive: true }));

const read = (file: string) => new X509Certificate(readFileSync(file));

test('the authority vouches for servers and services, each with its names', () => {
  const authority = read(files.ca);

  for (const cert of [read(files.serverCert), read(files.serviceCert)]) {
    expect(cert.verify(authority.publicKey)).toBe(true);
  }
  expect(read(files.serverCert).checkHost('products')).toBe('products');
  expect(read(files.serverCert).checkIP('127.0.0.1')).toBe('127.0.0.1');
  expect(read(files.serviceCert).subjectAltName).toContain(`URI:${SERVICE_ID}shop`);
});

test('certificates that are still good are kept', async () => {
  const before = readFileSync(files.serverCert, 'utf8');

  await ensureCertificates(files);

  expect(readFileSync(files.serverCert, 'utf8')).toBe(before);
});
