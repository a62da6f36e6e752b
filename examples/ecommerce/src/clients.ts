import { credentials as grpcCredentials, type ChannelCredentials, type Interceptor } from '@grpc/grpc-js';
import { promiseClient } from 'grpc-js-middleware/promises';
import { ProductServiceClient } from './gen/ecommerce/product.js';

export interface ClientOptions {
  /** Of the products' replicas. */
  readonly products: readonly string[];
  readonly interceptors: readonly Interceptor[];
  readonly credentials?: ChannelCredentials;
}

export type ShopClients = ReturnType<typeof openClients>;

/** A client for each service of the shop. */
export function openClients({ products, interceptors, credentials = grpcCredentials.createInsecure() }: ClientOptions) {
  const options = { interceptors: [...interceptors] };
  const product = new ProductServiceClient(products[0]!, credentials, options);
  return {
    products: promiseClient(product),
    close: () => product.close(),
  };
}
