import { createPrivateKey, X509Certificate, type KeyObject } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createSecureContext, type SecureContextOptions } from 'node:tls';
import { withheld, type OptionChecker } from '../core/base/options.js';

/** Where the PEM files lie. Certificate and key come together. */
export interface TlsFiles {
  readonly certFile?: string;
  readonly keyFile?: string;
  readonly caFile?: string;
}

/** What the files hold, unexamined; a file that is not used is absent. */
export type TlsContents = { readonly [F in keyof TlsFiles]?: Buffer };

/** How the options are called where the files were given, for errors that people can act on. */
export interface FileNames {
  readonly owner: string;
  readonly caOption: string;
}

/** A clock that is five minutes ahead of ours may have signed a certificate that is good. */
const CLOCK_SKEW_MS = 300_000;

const PEM_CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

/** A file's path, as an option; PEM text in its place is a mistake that must not show a key. */
export function requiredPathOf<T extends object>(check: OptionChecker<T>, name: keyof T & string, options: T): string {
  const path: unknown = options[name];
  if (typeof path === 'string' && path !== '' && !path.includes('-----BEGIN')) return path;
  throw check.error(name, 'the path of a file in PEM', typeof path === 'string' ? withheld(path) : path);
}

/** As {@link requiredPathOf}, or undefined. */
export function pathOf<T extends object>(
  check: OptionChecker<T>,
  name: keyof T & string,
  options: T,
): string | undefined {
  return options[name] === undefined ? undefined : requiredPathOf(check, name, options);
}

/** Reads the files now. @throws Error naming the file that cannot be read. */
export function readFilesNow(files: TlsFiles, names: FileNames): TlsContents {
  const read = ([file, path]: [keyof TlsFiles, string]): [string, Buffer] => {
    try {
      return [file, readFileSync(path)];
    } catch (error) {
      throw fault(names, file, path, 'cannot be read', error);
    }
  };
  return Object.fromEntries(pathsOf(files).map(read));
}

/** Reads the files without blocking. Rejects with an Error naming the file that cannot be read. */
export async function readFiles(files: TlsFiles, names: FileNames): Promise<TlsContents> {
  const read = async ([file, path]: [keyof TlsFiles, string]): Promise<[string, Buffer]> => {
    try {
      return [file, await readFile(path)];
    } catch (error) {
      throw fault(names, file, path, 'cannot be read', error);
    }
  };
  return Object.fromEntries(await Promise.all(pathsOf(files).map(read)));
}

/**
 * Examines what was read and makes it into what TLS takes.
 *
 * @throws Error naming the file and its fault: no PEM, a key that is not the certificate's, a certificate out of its
 * time.
 */
export function secureContextOf(contents: TlsContents, files: TlsFiles, names: FileNames): SecureContextOptions {
  const { certFile: cert, keyFile: key, caFile: ca } = contents;
  const blame = (file: keyof TlsFiles, reason: string, cause?: unknown): Error =>
    fault(names, file, files[file]!, reason, cause);
  if (ca !== undefined) certificatesIn(ca, 'caFile', blame);
  if (cert !== undefined && key !== undefined) {
    const [leaf] = certificatesIn(cert, 'certFile', blame);
    checkTime(leaf!, blame);
    if (!leaf!.checkPrivateKey(privateKeyIn(key, blame))) {
      throw blame('keyFile', `is not the key of the certificate in ${files.certFile}`);
    }
  }
  // In the context, not beside it: Node forgets ciphers that a new context does not repeat.
  const options = { cert, key, ca, ciphers: process.env.GRPC_SSL_CIPHER_SUITES };
  try {
    createSecureContext(options);
  } catch (error) {
    throw blame(cert === undefined ? 'caFile' : 'certFile', `cannot be used: ${(error as Error).message}`, error);
  }
  return options;
}

type Blame = (file: keyof TlsFiles, reason: string, cause?: unknown) => Error;

const pathsOf = (files: TlsFiles): [keyof TlsFiles, string][] =>
  Object.entries(files).filter(([, path]) => path !== undefined) as [keyof TlsFiles, string][];

function certificatesIn(pem: Buffer, file: keyof TlsFiles, blame: Blame): X509Certificate[] {
  const blocks = pem.toString('latin1').match(PEM_CERTIFICATE);
  if (blocks === null) throw blame(file, 'holds no certificate in PEM');
  try {
    return blocks.map((block) => new X509Certificate(block));
  } catch (error) {
    throw blame(file, 'holds a certificate that cannot be read', error);
  }
}

function privateKeyIn(pem: Buffer, blame: Blame): KeyObject {
  const text = pem.toString('latin1');
  if (/-----BEGIN ENCRYPTED PRIVATE KEY-----|Proc-Type: 4,ENCRYPTED/.test(text)) {
    throw blame('keyFile', 'holds an encrypted key; decrypt it first');
  }
  if (!/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text)) throw blame('keyFile', 'holds no private key in PEM');
  try {
    return createPrivateKey(pem);
  } catch (error) {
    throw blame('keyFile', 'holds a private key that cannot be read', error);
  }
}

function checkTime({ validFrom, validTo }: X509Certificate, blame: Blame): void {
  if (Date.parse(validTo) <= Date.now()) throw blame('certFile', `holds a certificate that expired on ${validTo}`);
  if (Date.parse(validFrom) > Date.now() + CLOCK_SKEW_MS) {
    throw blame('certFile', `holds a certificate that is not valid before ${validFrom}`);
  }
}

function fault(names: FileNames, file: keyof TlsFiles, path: string, reason: string, cause?: unknown): Error {
  const option = file === 'caFile' ? names.caOption : file;
  const detail = reason === 'cannot be read' ? ` (${(cause as NodeJS.ErrnoException).code})` : '';
  return new Error(`${names.owner}: ${option}: ${path} ${reason}${detail}`, { cause });
}
