// #region server
import { status, type Interceptor, type ServerInterceptor } from '@grpc/grpc-js';
import { StatusError, contextKey, defineClientInterceptor, defineServerInterceptor } from 'grpc-js-middleware';

/** Whose data a call is about. */
export const tenant = contextKey('tenant', 'nobody');

/** Options of {@link tenancyServerInterceptor}. */
export interface TenancyOptions {
  /** The tenants that there are. */
  readonly tenants: readonly string[];
}

/** Refuses calls that name no tenant of ours. */
export function tenancyServerInterceptor({ tenants }: TenancyOptions): ServerInterceptor {
  const known = new Set(tenants);

  return defineServerInterceptor('tenancy', (method) => {
    if (method.service === 'grpc.health.v1.Health') return undefined; // about nobody's data

    return (call) => ({
      admit() {
        const [name] = call.metadata.get('x-tenant');
        if (typeof name !== 'string' || !known.has(name)) {
          throw new StatusError(status.PERMISSION_DENIED, 'Unknown tenant');
        }
        call.set(tenant, name);
      },
    });
  });
}
// #endregion

// #region client
/** Names the tenant in each call. */
export function tenancyClientInterceptor({ name }: { readonly name: string }): Interceptor {
  return defineClientInterceptor('tenancy', () => (call) => ({
    admit: () => call.metadata.set('x-tenant', name),
  }));
}
// #endregion
