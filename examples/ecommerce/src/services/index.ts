import type { ServerName } from '../plan.js';
import { productService } from './products/service.js';
import type { ShopService } from './shop-service.js';

/** What each server serves. */
export const servicesOf: Readonly<Record<ServerName, readonly ShopService[]>> = {
  products: [productService],
};
