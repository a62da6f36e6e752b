import { Client, connectivityState, credentials, type Server } from '@grpc/grpc-js';
import { CallCredentials } from '@grpc/grpc-js/build/src/call-credentials.js';
import { CompressionFilterFactory } from '@grpc/grpc-js/build/src/compression-filter.js';
import { FilterStackFactory } from '@grpc/grpc-js/build/src/filter-stack.js';
import { InternalChannel } from '@grpc/grpc-js/build/src/internal-channel.js';
import { MessageBufferTracker } from '@grpc/grpc-js/build/src/retrying-call.js';
import { Http2SubchannelCall } from '@grpc/grpc-js/build/src/subchannel-call.js';
import type { Loop } from './loop.js';
import { Connection, type Headers, type MemoryStream } from './wire.js';

/**
 * grpc-js's own channel, calls, retry buffer and HTTP/2 client call, without what lies around them: no resolver, no
 * balancer, no subchannels. Each call gets a stream of the connection, and a connection that is gone is replaced at once.
 */
export class Network {
  /** Streams of the client, one for each attempt. */
  readonly streams: MemoryStream[] = [];
  readonly client: Client;
  /** Connections that were made, the last one in use. */
  readonly connections: Connection[] = [];
  private readonly channel: FakedChannel;
  private readonly active = new Set<Http2SubchannelCall>();

  constructor(
    private readonly loop: Loop,
    private readonly server: Server,
    interceptors: NonNullable<ConstructorParameters<typeof Client>[2]>['interceptors'],
  ) {
    this.channel = this.fakeChannel();
    this.client = new Client(TARGET, credentials.createInsecure(), {
      interceptors,
      channelOverride: this.channel as never,
    });
  }

  /** Calls that are open on the channel, as grpc-js counts them. */
  get openCalls(): number {
    return this.channel.callCount;
  }

  get connection(): Connection {
    const last = this.connections.at(-1);
    if (last !== undefined && !last.dropped) return last;
    const made: Connection = new Connection(
      this.loop,
      (stream, headers) => (this.server as unknown as StreamHandler)._streamHandler([], stream, headers),
      () => this.active.forEach((call) => call.onDisconnect()),
    );
    this.connections.push(made);
    return made;
  }

  private fakeChannel(): FakedChannel {
    const channel = Object.create(InternalChannel.prototype) as FakedChannel;
    const subchannel = {
      getCallCredentials: () => EMPTY_CREDENTIALS,
      getConnectivityState: () => connectivityState.READY,
      getRealSubchannel: () => ({ createCall: this.createCall.bind(this) }),
    };
    return Object.assign(channel, {
      target: { path: TARGET },
      getTarget: () => TARGET,
      credentials: { _isSecure: () => false },
      options: {},
      callCount: 0,
      connectivityState: connectivityState.READY,
      connectivityStateWatchers: [],
      configSelectionQueue: [],
      pickQueue: new Set(),
      defaultAuthority: 'localhost',
      serviceUrlCache: new Map(),
      // As if it ran: the channel does not idle here.
      idleTimer: {},
      callRefTimer: null,
      channelzEnabled: false,
      channelzRef: { id: 0 },
      channelzTrace: { addTrace: () => undefined },
      channelzInfoTracker: { trace: { addTrace: () => undefined } },
      retryBufferTracker: new MessageBufferTracker(2 ** 24, 2 ** 20),
      filterStackFactory: new FilterStackFactory([new CompressionFilterFactory(channel as never, {})]),
      subchannelPool: { unrefUnusedSubchannels: () => undefined },
      resolvingLoadBalancer: { exitIdle: () => undefined, destroy: () => undefined },
      configSelector: { invoke: () => ({ ...CALL_CONFIG }), unref: () => undefined },
      currentPicker: {
        pick: () => ({ pickResultType: 0, subchannel, status: null, onCallStarted: null, onCallEnded: null }),
      },
    });
  }

  private createCall(
    metadata: { toHttp2Headers(): Headers },
    host: string,
    path: string,
    listener: ConstructorParameters<typeof Http2SubchannelCall>[2],
    callId: number,
  ): Http2SubchannelCall {
    const headers = metadata.toHttp2Headers();
    headers[':authority'] = host;
    headers[':path'] = path;
    headers['content-type'] = 'application/grpc';
    const stream = this.connection.request(headers);
    this.streams.push(stream);
    const tracker = {
      addMessageSent: () => undefined,
      addMessageReceived: () => undefined,
      onCallEnd: () => this.active.delete(call),
      onStreamEnd: () => undefined,
    };
    const call: Http2SubchannelCall = new Http2SubchannelCall(
      stream as never,
      tracker,
      listener,
      TRANSPORT as never,
      callId,
    );
    this.active.add(call);
    return call;
  }
}

const TARGET = 'dns:in-memory:443';

const TRANSPORT = { getOptions: () => ({}), getPeerName: () => '127.0.0.1:443', getAuthContext: () => ({}) };

const CALL_CONFIG = { methodConfig: { name: [] }, pickInformation: {}, status: 0, dynamicFilterFactories: [] };

const EMPTY_CREDENTIALS = CallCredentials.createEmpty();

interface StreamHandler {
  _streamHandler(interceptors: [], stream: MemoryStream, headers: Headers): void;
}

interface FakedChannel {
  callCount: number;
}
