import { status, type Interceptor, type Metadata, type StatusObject } from '@grpc/grpc-js';

/**
 * The shapes of grpc-js's client that it does not export, as this library uses them, and all access to its private
 * fields there.
 */
export type InterceptorOptions = Parameters<Interceptor>[0];

/** How an interceptor asks for the layer below. */
export type NextCall = Parameters<Interceptor>[1];

/** One layer of a client call. */
export interface GrpcClientCall {
  start(metadata: Metadata, listener: Partial<GrpcClientListener>): void;
  sendMessageWithContext(context: MessageContext, message: unknown): void;
  sendMessage(message: unknown): void;
  startRead(): void;
  halfClose(): void;
  cancelWithStatus(code: status, details: string): void;
  getPeer(): string;
  getAuthContext(): unknown;
}

/** What comes with a request message: its callback tells the writer to go on. */
export interface MessageContext {
  readonly callback?: (error?: Error | null) => void;
  readonly flags?: number;
}

/** What a layer of a client call hears from below. */
export interface GrpcClientListener {
  onReceiveMetadata(metadata: Metadata): void;
  onReceiveMessage(message: unknown): void;
  onReceiveStatus(status: StatusObject): void;
}

/** As much of grpc-js's internal channel as is asked for. */
export interface GrpcChannel {
  getTarget(): string;
  getConnectivityState?(tryToConnect: boolean): number;
  getOptions?(): Readonly<Record<string, unknown>>;
  readonly credentials?: { _isSecure?(): boolean };
}

/** Layers of ours that hold the next one in their own way answer for their channel under this key. */
export const channelSymbol = Symbol.for('grpc-js-middleware/channel@1');

interface Layer {
  [channelSymbol]?(): GrpcChannel | undefined;
  readonly nextCall?: Layer;
  readonly call?: { readonly channel?: GrpcChannel };
}

/** The channel under a layer, where it can be reached. */
export function channelOf(call: unknown): GrpcChannel | undefined {
  let layer = call as Layer | undefined;
  while (layer !== undefined && layer !== null) {
    if (layer[channelSymbol] !== undefined) return layer[channelSymbol]();
    if (layer.nextCall === undefined) break;
    layer = layer.nextCall;
  }
  const channel = layer?.call?.channel;
  return typeof channel?.getTarget === 'function' ? channel : undefined;
}

/**
 * The channel that a call made now would run on, for layers of ours that do not make one early. The call that is made to
 * be asked is ended again: grpc-js would keep the channel from idling for it.
 */
export function channelBelow(nextCall: NextCall, options: InterceptorOptions): GrpcChannel | undefined {
  const probe = nextCall({ ...options, deadline: Infinity, parent: undefined }) as unknown as GrpcClientCall;
  try {
    return channelOf(probe);
  } finally {
    probe.cancelWithStatus(status.CANCELLED, 'Never started');
  }
}

/** What a channel says of itself. */
interface ChannelFacts {
  /** The server's target, whether or not a proxy is in between. */
  readonly target: string;
  /** What grpc-js connects to, and gives as the peer while there is no connection: the proxy, where there is one. */
  readonly address: string;
  readonly secure: boolean;
  readonly proxied: boolean;
}

/** Under this option grpc-js notes the real target of a channel that runs through a proxy. */
const CONNECT_TARGET = 'grpc.http_connect_target';
const HIDDEN: ChannelFacts = { target: '', address: '', secure: false, proxied: false };
const facts = new WeakMap<GrpcChannel, ChannelFacts>();

/**
 * What a channel says of itself, remembered: grpc-js composes the target whenever it is asked, and a new string has to
 * be hashed again. One that cannot be seen counts as insecure.
 */
export function channelFacts(channel: GrpcChannel | undefined): ChannelFacts {
  if (channel === undefined) return HIDDEN;
  let known = facts.get(channel);
  if (known === undefined) facts.set(channel, (known = factsOf(channel)));
  return known;
}

function factsOf(channel: GrpcChannel): ChannelFacts {
  const address = channel.getTarget();
  const behind = channel.getOptions?.()[CONNECT_TARGET];
  const proxied = behind !== undefined;
  const secure = channel.credentials?._isSecure?.() === true;
  return { target: typeof behind === 'string' ? behind : address, address, secure, proxied };
}

/** How the texts of statuses begin that grpc-js makes by itself after headers had come. */
const OWN_TEXTS =
  /^(Response message parsing error|Request message serialization failure|Received RST_STREAM|Connection dropped|Received message larger than max)/;

/** Whether a status is grpc-js's own, judging by its text: for those that came after response headers nothing else tells. */
export function madeByGrpcJs(details: string): boolean {
  return OWN_TEXTS.test(details);
}
