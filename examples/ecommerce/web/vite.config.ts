import { defineConfig } from 'vite';

/** `npm run page` serves the sources, and asks the shop that is open on this machine. */
const shop = `http://127.0.0.1:${9464 + Number(process.env['SHOP_PORT_OFFSET'] ?? 0)}`;

export default defineConfig({
  // Preact's JSX, without a plugin.
  oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
  build: {
    target: 'es2022',
    // The Content-Security-Policy allows no data: URLs but images, and every asset is a file of its own.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
  },
  server: { proxy: { '/api': { target: shop, changeOrigin: true } } },
});
