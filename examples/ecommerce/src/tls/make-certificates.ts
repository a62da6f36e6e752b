import 'reflect-metadata'; // @peculiar/x509 does not load without it
import { webcrypto } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import * as x509 from '@peculiar/x509';
import { HOST, SERVER_NAMES } from '../plan.js';
import { SERVICE_ID, type TlsFiles } from './files.js';

x509.cryptoProvider.set(webcrypto);

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const;
const LIFETIME_MS = 30 * 86_400_000;

interface Signed {
  readonly cert: x509.X509Certificate;
  readonly keys: webcrypto.CryptoKeyPair;
}

/** An authority of one's own, a certificate for all servers, and one for all services. For development, and no more. */
export async function makeCertificates(files: TlsFiles): Promise<void> {
  const authority = await makeAuthority();
  const dns = ['localhost', ...SERVER_NAMES].map((value) => ({ type: 'dns' as const, value }));
  const server = await issue(authority, [...dns, { type: 'ip', value: HOST }]);
  const service = await issue(authority, [{ type: 'url', value: `${SERVICE_ID}shop` }]);
  mkdirSync(dirname(files.ca), { recursive: true });
  write(files.ca, authority.cert.toString('pem'));
  await writePair(server, files.serverCert, files.serverKey);
  await writePair(service, files.serviceCert, files.serviceKey);
}

async function makeAuthority(): Promise<Signed> {
  const keys = await newKeys();
  const cert = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=Development authority of the shop',
    keys,
    signingAlgorithm: ALGORITHM,
    ...lifetime(),
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
    ],
  });
  return { cert, keys };
}

async function issue(authority: Signed, names: x509.JsonGeneralNames): Promise<Signed> {
  const keys = await newKeys();
  const cert = await x509.X509CertificateGenerator.create({
    subject: 'O=Shop',
    issuer: authority.cert.subject,
    publicKey: keys.publicKey,
    signingKey: authority.keys.privateKey,
    signingAlgorithm: ALGORITHM,
    ...lifetime(),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth, x509.ExtendedKeyUsage.clientAuth]),
      new x509.SubjectAlternativeNameExtension(names),
    ],
  });
  return { cert, keys };
}

function lifetime() {
  const now = Date.now();
  return { notBefore: new Date(now - 60_000), notAfter: new Date(now + LIFETIME_MS) };
}

function newKeys(): Promise<webcrypto.CryptoKeyPair> {
  return webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
}

async function writePair({ cert, keys }: Signed, certFile: string, keyFile: string): Promise<void> {
  const key = await webcrypto.subtle.exportKey('pkcs8', keys.privateKey);
  write(keyFile, x509.PemConverter.encode(key, 'PRIVATE KEY'));
  write(certFile, cert.toString('pem'));
}

function write(file: string, pem: string): void {
  writeFileSync(file, pem, { mode: 0o600 });
}
