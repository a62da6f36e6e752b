import type { RequestListener } from 'node:http';
import { getRequestListener } from '@hono/node-server';
import { status, type ChannelCredentials } from '@grpc/grpc-js';
import { StatusError } from 'grpc-js-middleware';
import { Hono, type Context } from 'hono';
import { openClients } from '../clients.js';
import type { Issuer } from '../identity/issuer.js';
import { clientInterceptors, PEOPLE_LIMIT } from '../interceptors.js';
import { replicas, type Place } from '../plan.js';
import type { Telemetry } from '../telemetry/telemetry.js';
import { ApiError } from './api-error.js';
import { Breakage, type Breakable } from './break/breakage.js';
import { breakRoutes } from './break/routes.js';
import { callErrorOf, httpStatusOf } from './call-error.js';
import { noteAttempt, noteCall } from './call-facts.js';
import type { ErrorBody } from './contract.js';
import type { GatewayEnv } from './env.js';
import { fresh, headers, jsonOnly, sameOrigin, smallBody } from './guard.js';
import { Live, type Watched } from './live/live.js';
import { liveRoutes } from './live/routes.js';
import { pages } from './pages.js';
import { rpcRoutes } from './rpc-routes.js';
import { rpcsOf } from './rpcs.js';
import { identify, sessionRoutes } from './session.js';

export interface GatewayOptions {
  readonly issuer: Issuer;
  /** Of the resolver that knows where the services are. */
  readonly scheme: string;
  readonly credentials?: ChannelCredentials;
  /** Where the shop is. */
  readonly place: Place;
  /** The processes of services. */
  readonly processes: Watched & Breakable;
  /** Whether things may be broken on purpose. */
  readonly breakable: boolean;
  /** Tells what the gateway itself does. */
  readonly telemetry: Telemetry;
}

export interface Gateway {
  readonly listener: RequestListener;
  close(): void;
}

/** The page, and an API for it in front of the services, which it calls as any client would. */
export function openGateway(options: GatewayOptions): Gateway {
  const { issuer, scheme, credentials, place, processes, breakable, telemetry } = options;
  const interceptors = clientInterceptors({ telemetry, outermost: [noteCall], perAttempt: [noteAttempt] });
  const clients = openClients({ scheme, credentials, interceptors });
  const rpcs = rpcsOf(clients);
  const breakage = new Breakage(processes, place, PEOPLE_LIMIT.ratePerSecond);
  const broken = () => breakage.present();
  const live = new Live({ processes, own: telemetry, replicas: replicas(place), credentials, broken });
  const api = new Hono<GatewayEnv>();
  api.use(fresh, jsonOnly, smallBody, identify(issuer));
  api.route('/session', sessionRoutes(issuer, breakable));
  api.route('/rpc', rpcRoutes(rpcs));
  api.route('/live', liveRoutes(live));
  api.route('/break', breakRoutes({ breakage, replicas: replicas(place), methods: new Set(rpcs.keys()), breakable }));
  api.all('*', (context) => tell(context, new StatusError(status.NOT_FOUND, 'There is no such page')));

  const app = new Hono<GatewayEnv>();
  app.use(headers, sameOrigin);
  app.route('/api', api);
  app.route('/', pages());
  app.onError((error, context) => tell(context, StatusError.from(error)));
  const listener = getRequestListener(app.fetch);
  return {
    listener: (request, response) => void listener(request, response),
    close() {
      breakage.close();
      clients.close();
    },
  };
}

function tell(context: Context, error: StatusError): Response {
  const body: ErrorBody = { error: callErrorOf(error) };
  return context.json(body, error instanceof ApiError ? error.httpStatus : httpStatusOf(error.code));
}
