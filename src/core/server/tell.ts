import type { Metadata } from '@grpc/grpc-js';
import type { GrpcServerListener } from './grpc-server-internals.js';

// What a pass tells the layer further in: functions of their own, so that no call has to make one. Nobody listens any
// more once the call is over.

export type Tell<T> = (listener: GrpcServerListener | undefined, argument: T) => void;

export const tellMetadata: Tell<Metadata | undefined> = (listener, metadata) => listener?.onReceiveMetadata(metadata!);
export const tellMessage: Tell<unknown> = (listener, message) => listener?.onReceiveMessage(message);
export const tellHalfClose: Tell<undefined> = (listener) => listener?.onReceiveHalfClose();
export const tellCancel: Tell<undefined> = (listener) => listener?.onCancel();

/** Not the listener but whoever waits for a message to be written. */
export const callBack: Tell<() => void> = (_listener, callback) => callback();
