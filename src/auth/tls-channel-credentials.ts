import { ChannelCredentials } from '@grpc/grpc-js';
import { optionsOf } from '../core/base/options.js';
import { pathOf } from './tls-files.js';
import { TlsReloader, type TlsReloadOptions } from './tls-reloader.js';

/** Options of {@link tlsChannelCredentials}. */
export interface TlsChannelOptions extends TlsReloadOptions {
  /**
   * The authorities, in PEM, whose server certificates are accepted.
   * @default those of Node, or of GRPC_DEFAULT_SSL_ROOTS_FILE_PATH
   */
  readonly caFile?: string;
  /**
   * The client's own certificate in PEM, for servers that ask for one; together with `keyFile`.
   * @default none
   */
  readonly certFile?: string;
  /**
   * The certificate's private key in PEM, unencrypted.
   * @default none
   */
  readonly keyFile?: string;
}

const OWNER = 'tlsChannelCredentials';
const OPTIONS = ['caFile', 'certFile', 'keyFile', 'reloadIntervalMs', 'onReload'] as const;

/**
 * TLS for a client, from files. Before each new connection, files that were last read longer than `reloadIntervalMs`
 * ago are read again; connections that stand keep what they have. There is no timer, so nothing to stop.
 *
 * @throws TypeError for wrong options.
 * @throws Error naming the file and its fault, as `tlsServerCredentials` does.
 */
export function tlsChannelCredentials(options: TlsChannelOptions = {}): ChannelCredentials {
  const check = optionsOf(OWNER, options, OPTIONS);
  const files = {
    certFile: pathOf(check, 'certFile', options),
    keyFile: pathOf(check, 'keyFile', options),
    caFile: pathOf(check, 'caFile', options),
  };
  if ((files.certFile === undefined) !== (files.keyFile === undefined)) {
    const [given, missing] = files.certFile === undefined ? ['keyFile', 'certFile'] : ['certFile', 'keyFile'];
    throw check.error(missing, `given together with ${given}`, undefined);
  }
  const intervalMs = check.number('reloadIntervalMs', { min: 1, max: Infinity, fallback: 60_000 });
  const reloader = new TlsReloader(files, { owner: OWNER, caOption: 'caFile' }, check.optionalFunction('onReload'));
  return new ReloadingChannelCredentials(reloader, intervalMs);
}

type Connector = ReturnType<ChannelCredentials['_createSecureConnector']>;
type ConnectorArguments = Parameters<ChannelCredentials['_createSecureConnector']>;

/** Hands every connection to grpc-js's own credentials of the present files. */
class ReloadingChannelCredentials extends ChannelCredentials {
  private current: ChannelCredentials;

  constructor(
    private readonly reloader: TlsReloader,
    private readonly intervalMs: number,
  ) {
    super();
    this.current = credentialsOf(reloader);
  }

  _isSecure(): true {
    return true;
  }

  _equals(other: ChannelCredentials): boolean {
    return this === other;
  }

  /** grpc-js keeps a connector as long as it wants to reach an address, through all its connections. */
  _createSecureConnector(...given: ConnectorArguments): Connector {
    const latest = (): Connector => this.current._createSecureConnector(...given);
    const first = latest();
    return {
      waitForReady: () => this.refresh(),
      connect: (socket) => latest().connect(socket),
      getCallCredentials: () => first.getCallCredentials(),
      destroy: () => first.destroy(),
    };
  }

  private async refresh(): Promise<void> {
    if (this.reloader.age < this.intervalMs) return;
    if (await this.reloader.reload()) this.current = credentialsOf(this.reloader);
  }
}

function credentialsOf({ context }: TlsReloader): ChannelCredentials {
  const { ca, key, cert } = context as Record<'ca' | 'key' | 'cert', Buffer | undefined>;
  return ChannelCredentials.createSsl(ca, key, cert);
}
