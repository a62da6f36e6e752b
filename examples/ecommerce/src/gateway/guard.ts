import { status } from '@grpc/grpc-js';
import { StatusError } from 'grpc-js-middleware';
import type { MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { secureHeaders } from 'hono/secure-headers';
import { ApiError } from './api-error.js';
import type { GatewayEnv } from './env.js';

/** What this machine calls itself. */
const NAMES = ['127.0.0.1', 'localhost', '[::1]'];

const MAX_BODY_BYTES = 1_000_000;

/** What the browser may do with the page: load what is served here, run no script that is not a file, and be in no frame. */
export const headers = secureHeaders({
  contentSecurityPolicy: {
    defaultSrc: ["'none'"],
    scriptSrc: ["'self'"],
    styleSrc: ["'self'"],
    imgSrc: ["'self'", 'data:'],
    connectSrc: ["'self'"],
    fontSrc: ["'self'"],
    frameAncestors: ["'none'"],
    baseUri: ["'none'"],
    formAction: ["'none'"],
  },
  xFrameOptions: 'DENY',
  strictTransportSecurity: false, // the shop speaks HTTP, on this machine alone
});

/**
 * A page of another site may send requests here from the browser of somebody who is signed in, and may let its own name
 * point to this machine (DNS rebinding): both are refused.
 */
export const sameOrigin: MiddlewareHandler<GatewayEnv> = async ({ req, env }, next) => {
  const host = req.header('host') ?? '';
  const name = host.slice(0, host.lastIndexOf(':'));
  if (!NAMES.includes(name) || host !== `${name}:${env.incoming.socket.localPort}`)
    throw forbidden('The shop answers under its own address only');
  const site = req.header('sec-fetch-site') ?? 'none';
  const origin = req.header('origin') ?? `http://${host}`;
  if (!['same-origin', 'none'].includes(site) || origin !== `http://${host}`)
    throw forbidden('Another site may not call the shop');
  await next();
};

/** Another site's forms cannot send JSON, which is a second lock on the same door. */
export const jsonOnly: MiddlewareHandler = async ({ req }, next) => {
  const type = req.header('content-type')?.split(';')[0]?.trim().toLowerCase();
  if (req.method !== 'GET' && type !== 'application/json') {
    throw new ApiError(415, status.INVALID_ARGUMENT, 'Requests are sent as application/json');
  }
  await next();
};

/** What the API says now is not what it will say next. */
export const fresh: MiddlewareHandler = async (context, next) => {
  context.header('cache-control', 'no-store');
  await next();
};

export const smallBody = bodyLimit({
  maxSize: MAX_BODY_BYTES,
  onError: (context) => {
    context.header('connection', 'close'); // what is left of the body is not read
    throw new ApiError(413, status.RESOURCE_EXHAUSTED, 'A request has at most a million bytes');
  },
});

function forbidden(text: string): StatusError {
  return new StatusError(status.PERMISSION_DENIED, text);
}
