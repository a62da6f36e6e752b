import { connectivityState } from '@grpc/grpc-js';
import { channelFacts, type GrpcChannel } from './grpc-client-internals.js';

/** Where a call goes, and whether the channel protects what is sent. */
export interface ChannelSecurity {
  /** The server's target, such as `dns:shop.example:443`, behind a proxy as well. Empty for a channel that cannot be seen. */
  readonly target: string;
  /** TLS encrypts the channel; one that cannot be seen counts as unprotected. */
  readonly secure: boolean;
  /** An HTTP proxy (`grpc_proxy`, `https_proxy`, `http_proxy`) is between this process and the target. */
  readonly proxied: boolean;
  /** No call can be made: the channel is closed, or a layer below throws. */
  readonly closed: boolean;
}

/**
 * Where a logical call goes, for all its layers and attempts. Only a call of a channel leads to the channel, so it is
 * learnt when the first of them asks, once; a layer below that throws then will throw for the call as well, and is
 * remembered as closed.
 */
export class Destination {
  private asked = false;
  private failed = false;
  private found: GrpcChannel | undefined;

  /** The channel, found by `find` where it is not known yet. Undefined where it cannot be seen. Never throws. */
  channel(find: () => GrpcChannel | undefined): GrpcChannel | undefined {
    if (this.asked) return this.found;
    this.asked = true;
    try {
      this.found = find();
    } catch {
      this.failed = true;
    }
    return this.found;
  }

  /** No call can be made, as far as is known. */
  get closed(): boolean {
    return this.failed || this.shutDown;
  }

  /** The channel is known, and not closed. */
  get open(): boolean {
    return this.found !== undefined && !this.shutDown;
  }

  /** The channel is known, and closed. */
  get shutDown(): boolean {
    return this.found?.getConnectivityState?.(false) === connectivityState.SHUTDOWN;
  }

  /** What interceptors may know; see {@link channel}. */
  security(find: () => GrpcChannel | undefined): ChannelSecurity {
    const { target, secure, proxied } = channelFacts(this.channel(find));
    return { target, secure, proxied, closed: this.closed };
  }
}
