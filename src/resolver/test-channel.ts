import { experimental } from '@grpc/grpc-js';

/** Drives a registered resolver as a channel does, and writes down what the channel would be told. */
export function testChannel(scheme: string, path: string) {
  const told: string[] = [];
  const resolver = experimental.createResolver(
    { scheme, authority: '', path },
    (endpoints) => {
      told.push(
        endpoints.ok
          ? endpoints.value
              .map(({ addresses }) => addresses.map(experimental.subchannelAddressToString).join())
              .join(' ')
          : `error: ${endpoints.error.details}`,
      );
      return true;
    },
    {},
  );
  return { told, resolve: () => resolver.updateResolution(), close: () => resolver.destroy() };
}
