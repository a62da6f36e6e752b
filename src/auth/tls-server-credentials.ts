import { ServerCredentials } from '@grpc/grpc-js';
import { optionsOf } from '../core/base/options.js';
import { MAX_DELAY_MS } from '../core/base/timer.js';
import { pathOf, requiredPathOf } from './tls-files.js';
import { TlsReloader, type TlsReloadOptions } from './tls-reloader.js';

/** Options of {@link tlsServerCredentials}. */
export interface TlsServerOptions extends TlsReloadOptions {
  /** The server's certificate in PEM, with the chain that leads to its authority. */
  readonly certFile: string;
  /** The certificate's private key in PEM, unencrypted. */
  readonly keyFile: string;
  /**
   * The authorities, in PEM, whose client certificates are accepted; clients are then asked for one.
   * @default none: clients are not asked
   */
  readonly clientCaFile?: string;
  /**
   * Refuses connections without a good client certificate. `false` lets them in: their calls have no
   * `peerCertificate`, and it is up to the policy what they may do.
   * @default true when `clientCaFile` is given
   */
  readonly requireClientCertificate?: boolean;
}

const OWNER = 'tlsServerCredentials';
const OPTIONS = [
  'certFile',
  'keyFile',
  'clientCaFile',
  'requireClientCertificate',
  'reloadIntervalMs',
  'onReload',
] as const;

/**
 * TLS for a server, from files. Files that are replaced later, as cert-manager and certbot do, are picked up without a
 * restart: connections that stand keep what they have, so no call is dropped. Reading stops when the server closes.
 *
 * @throws TypeError for wrong options.
 * @throws Error naming the file and its fault: it cannot be read, is no PEM, the key is not the certificate's, the
 * certificate is out of its time.
 *
 * @example
 * server.bindAsync('0.0.0.0:443', tlsServerCredentials({ certFile: 'tls.crt', keyFile: 'tls.key' }), done);
 */
export function tlsServerCredentials(options: TlsServerOptions): ServerCredentials {
  const check = optionsOf(OWNER, options, OPTIONS);
  const caFile = pathOf(check, 'clientCaFile', options);
  const required = check.boolean('requireClientCertificate', caFile !== undefined);
  if (required && caFile === undefined) {
    throw check.error('requireClientCertificate', 'used together with clientCaFile', required);
  }
  const files = {
    certFile: requiredPathOf(check, 'certFile', options),
    keyFile: requiredPathOf(check, 'keyFile', options),
    caFile,
  };
  const intervalMs = check.number('reloadIntervalMs', { min: 1, max: Infinity, fallback: 60_000 });
  const onReload = check.optionalFunction('onReload');
  const reloader = new TlsReloader(files, { owner: OWNER, caOption: 'clientCaFile' }, onReload);
  return new ReloadingServerCredentials(reloader, intervalMs, caFile !== undefined, required);
}

/**
 * grpc-js asks its credentials for a context when it binds, and lets them send a new one to each listening server while
 * it listens. A server that starts to listen is what starts our timer, and the last that closes is what stops it.
 */
class ReloadingServerCredentials extends ServerCredentials {
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly reloader: TlsReloader,
    private readonly intervalMs: number,
    requestCert: boolean,
    rejectUnauthorized: boolean,
  ) {
    super({ requestCert, rejectUnauthorized }, reloader.context);
  }

  override _addWatcher(watcher: Parameters<ServerCredentials['_addWatcher']>[0]): void {
    super._addWatcher(watcher);
    // Beyond what setInterval can count it would fire at once, and for ever.
    if (this.timer !== undefined || this.intervalMs > MAX_DELAY_MS) return;
    this.timer = setInterval(() => void this.reload(), this.intervalMs).unref();
  }

  override _removeWatcher(watcher: Parameters<ServerCredentials['_removeWatcher']>[0]): void {
    super._removeWatcher(watcher);
    if (this.getWatcherCount() > 0) return;
    clearInterval(this.timer);
    this.timer = undefined;
  }

  override _equals(other: ServerCredentials): boolean {
    return this === other;
  }

  private async reload(): Promise<void> {
    if (await this.reloader.reload()) this.updateSecureContextOptions(this.reloader.context);
  }
}
