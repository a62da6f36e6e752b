import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { serveStatic } from '@hono/node-server/serve-static';
import { Hono } from 'hono';
import { compress } from 'hono/compress';
import type { GatewayEnv } from './env.js';

const PAGE = fileURLToPath(new URL('../../web/dist', import.meta.url));

const NOT_BUILT =
  'The page is not built yet: `npm ci` builds it, and so does `npm run build --workspace examples/ecommerce`.\n';

/** The page: its files, which are named by their content and never change, and its one document for all other paths. */
export function pages(root = PAGE): Hono<GatewayEnv> {
  const app = new Hono<GatewayEnv>();
  app.use(compress());
  app.use(async (context, next) => {
    if (!existsSync(`${root}/index.html`)) return context.text(NOT_BUILT, 503);
    const { path } = context.req;
    context.header('cache-control', path.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache');
    await next();
  });
  app.use((context, next) => serveStatic<GatewayEnv>({ root })(context, next));
  app.get('*', async (context, next) => {
    if (/\.\w+$/.test(context.req.path)) return context.text('There is no such file.\n', 404);
    return serveStatic<GatewayEnv>({ root, path: 'index.html' })(context, next);
  });
  return app;
}
