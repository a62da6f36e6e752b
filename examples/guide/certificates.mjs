// A development authority, and a certificate for the server and for one client, in a folder that is removed at the end.
import 'reflect-metadata'; // @peculiar/x509 does not load without it
import { webcrypto } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as x509 from '@peculiar/x509';

x509.cryptoProvider.set(webcrypto);
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const newKeys = () => webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);

export async function makeCertificates() {
  const folder = mkdtempSync(join(tmpdir(), 'guide-'));
  const keys = await newKeys();
  const authority = await x509.X509CertificateGenerator.createSelfSigned({
    name: 'CN=Guide',
    keys,
    signingAlgorithm: ALGORITHM,
    extensions: [new x509.BasicConstraintsExtension(true, undefined, true)],
  });
  writeFileSync(join(folder, 'ca.crt'), authority.toString('pem'));
  await issue('server', [{ type: 'dns', value: 'localhost' }]);
  await issue('client', [{ type: 'url', value: 'spiffe://shop.example/orders' }]);
  return { file: (name) => join(folder, name), remove: () => rmSync(folder, { recursive: true }) };

  async function issue(name, alternatives) {
    const own = await newKeys();
    const certificate = await x509.X509CertificateGenerator.create({
      subject: `CN=${name}`,
      issuer: authority.subject,
      publicKey: own.publicKey,
      signingKey: keys.privateKey,
      signingAlgorithm: ALGORITHM,
      extensions: [new x509.SubjectAlternativeNameExtension(alternatives)],
    });
    const key = await webcrypto.subtle.exportKey('pkcs8', own.privateKey);
    writeFileSync(join(folder, `${name}.crt`), certificate.toString('pem'));
    writeFileSync(join(folder, `${name}.key`), x509.PemConverter.encode(key, 'PRIVATE KEY'), { mode: 0o600 });
  }
}
