import type { Interceptor, ServerInterceptor } from '@grpc/grpc-js';
import type { ClientCallContext, ServerCallContext } from './context.js';
import type { ClientHooks, ServerHooks } from './hooks.js';
import type { Method } from './method.js';

export type ServerDefinition = (method: Method) => ((call: ServerCallContext) => ServerHooks | void) | void;
export type ClientDefinition = (method: Method) => ((call: ClientCallContext) => ClientHooks | void) | void;

export declare function defineServerInterceptor(name: string, define: ServerDefinition): ServerInterceptor;
export declare function defineClientInterceptor(name: string, define: ClientDefinition): Interceptor;
