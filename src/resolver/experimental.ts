import { isError } from '../core/base/is-error.js';
import * as grpc from '@grpc/grpc-js';

/**
 * The one place that touches what grpc-js calls experimental, and so may change in a minor version. What is missing is
 * reported by name when it is first needed, never by an accident later; tests run with the lowest and the newest version
 * that is supported.
 */
type Experimental = typeof grpc.experimental;

export type Resolver = grpc.experimental.Resolver;
export type ResolverListener = grpc.experimental.ResolverListener;
export type Endpoint = grpc.experimental.Endpoint;
export type SubchannelAddress = grpc.experimental.SubchannelAddress;
export type SubchannelInterface = grpc.experimental.SubchannelInterface;
export type ConnectivityStateListener = grpc.experimental.ConnectivityStateListener;
export type LoadBalancer = grpc.experimental.LoadBalancer;
export type ChannelControlHelper = grpc.experimental.ChannelControlHelper;
export type TypedLoadBalancingConfig = grpc.experimental.TypedLoadBalancingConfig;
export type Picker = grpc.experimental.Picker;
export type PickArgs = grpc.experimental.PickArgs;
export type PickResult = grpc.experimental.PickResult;
export type Target = grpc.experimental.GrpcUri;
export type Addresses = Parameters<ResolverListener>[0];

/** The connection behind all wrappers: one object for as long as the address and the channel's options stay the same. */
export type RealSubchannel = ReturnType<SubchannelInterface['getRealSubchannel']>;

const parts = (grpc as { experimental?: Partial<Experimental> }).experimental ?? {};

/**
 * Makes sure that grpc-js has the parts that a feature of ours stands on.
 *
 * @throws Error naming the feature and what is missing.
 */
export function requireExperimental(feature: string, ...names: readonly (keyof Experimental)[]): void {
  const missing = names.filter((name) => typeof parts[name] !== 'function');
  if (missing.length === 0) return;
  const list = missing.map((name) => `experimental.${name}`).join(', ');
  throw new Error(`${feature} needs ${list}, which the installed @grpc/grpc-js lacks; supported are 1.14.5 up to 2`);
}

export const registerResolver: Experimental['registerResolver'] = (scheme, constructor) =>
  grpc.experimental.registerResolver(scheme, constructor);

export const registerLoadBalancerType: Experimental['registerLoadBalancerType'] = (...type) =>
  grpc.experimental.registerLoadBalancerType(...type);

export const isLoadBalancerNameRegistered: Experimental['isLoadBalancerNameRegistered'] = (name) =>
  grpc.experimental.isLoadBalancerNameRegistered(name);

export const parseLoadBalancingConfig: Experimental['parseLoadBalancingConfig'] = (config) =>
  grpc.experimental.parseLoadBalancingConfig(config);

export const splitHostPort: Experimental['splitHostPort'] = (text) => grpc.experimental.splitHostPort(text);

/** What a resolver tells its channel: these addresses, each a backend of its own. */
export function found(addresses: readonly SubchannelAddress[]): Addresses {
  return grpc.experimental.statusOrFromValue(addresses.map((address): Endpoint => ({ addresses: [address] })));
}

/** What a resolver tells its channel when it has none; calls then fail with UNAVAILABLE and this text. */
export function notFound(details: string): Addresses {
  return grpc.experimental.statusOrFromError<Endpoint[]>({ code: grpc.status.UNAVAILABLE, details });
}

/** A balancer that runs another policy, and hands it subchannels that are wrapped by `wrap`. */
export function childBalancer(parent: ChannelControlHelper, overrides: Partial<ChannelControlHelper>) {
  const helper = grpc.experimental.createChildChannelControlHelper(parent, overrides);
  return new grpc.experimental.ChildLoadBalancerHandler(helper);
}

type ChannelCall = ReturnType<grpc.Channel['createCall']>;

/** To extend; an empty class stands in where grpc-js has none, so that importing alone never fails. */
export const BaseSubchannelWrapper: Experimental['BaseSubchannelWrapper'] =
  parts.BaseSubchannelWrapper ?? (class {} as never);

/**
 * A channel that holds this one connection, for calls that must go to this backend and no other. Such a call of grpc-js
 * rejects a promise that nobody holds when its connection goes while the call starts; here it fails with UNAVAILABLE.
 */
export function channelOver(subchannel: RealSubchannel): grpc.Channel {
  const channel = subchannel.getChannel();
  const createCall: grpc.Channel['createCall'] = (...args) => startedSafely(channel.createCall(...args));
  return Object.assign(Object.create(channel) as grpc.Channel, { createCall });
}

function startedSafely(call: ChannelCall): ChannelCall {
  const start: (...args: Parameters<ChannelCall['start']>) => unknown = call.start.bind(call);
  const startSafely: ChannelCall['start'] = (metadata, listener) => {
    Promise.resolve(start(metadata, listener)).catch((error: unknown) =>
      listener.onReceiveStatus({
        code: grpc.status.UNAVAILABLE,
        details: isError(error) ? error.message : String(error),
        metadata: new grpc.Metadata(),
      }),
    );
  };
  return Object.assign(call, { start: startSafely });
}

/** Writes to grpc-js's log at its ERROR level. */
export function logError(text: string): void {
  parts.log?.(grpc.logVerbosity.ERROR, text);
}
