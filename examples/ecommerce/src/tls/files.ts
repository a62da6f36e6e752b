import { existsSync, readFileSync } from 'node:fs';
import { X509Certificate } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Where the development certificates stand. */
export interface TlsFiles {
  readonly ca: string;
  readonly serverCert: string;
  readonly serverKey: string;
  /** What a service of the shop shows when it calls another. */
  readonly serviceCert: string;
  readonly serviceKey: string;
}

const FOLDER = fileURLToPath(new URL('../../.data/tls', import.meta.url));

/** The SPIFFE ID of every service of the shop begins with this. */
export const SERVICE_ID = 'spiffe://shop.example/service/';

/** A certificate that ends sooner than this is made anew. */
const MARGIN_MS = 86_400_000;

export function tlsFiles(folder = FOLDER): TlsFiles {
  return {
    ca: join(folder, 'ca.pem'),
    serverCert: join(folder, 'server.pem'),
    serverKey: join(folder, 'server-key.pem'),
    serviceCert: join(folder, 'service.pem'),
    serviceKey: join(folder, 'service-key.pem'),
  };
}

/** Makes the certificates that are missing or about to end. */
export async function ensureCertificates(files = tlsFiles()): Promise<TlsFiles> {
  if (![files.ca, files.serverCert, files.serviceCert].every(isGood)) {
    // Only now: what makes certificates takes a while to load.
    const { makeCertificates } = await import('./make-certificates.js');
    await makeCertificates(files);
  }
  return files;
}

function isGood(file: string): boolean {
  if (!existsSync(file)) return false;
  const { validTo } = new X509Certificate(readFileSync(file));
  return Date.parse(validTo) > Date.now() + MARGIN_MS;
}
