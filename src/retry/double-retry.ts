import type { StatusObject } from '@grpc/grpc-js';

let warned = false;

/**
 * grpc-js writes this into what the application receives when it has made a call again by itself. Seen on an attempt that
 * we made first, it means that both retry, and that their attempts multiply.
 */
export function warnOfBuiltInRetry({ metadata }: StatusObject): void {
  if (warned || metadata.get('grpc-previous-rpc-attempts').length === 0) return;
  warned = true;
  process.emitWarning(
    'retryClientInterceptor: grpc-js retries the same calls by its service config, so attempts multiply. ' +
      'Leave `retry` out of serviceConfig(), or set grpc.service_config_disable_resolution to 1 when the config comes from DNS',
    { code: 'GRPC_JS_MIDDLEWARE_DOUBLE_RETRY' },
  );
}
