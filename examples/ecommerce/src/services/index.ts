import type { ServerName } from '../plan.js';
import { analyticsService } from './analytics/service.js';
import { chatService } from './chat/service.js';
import { notificationService } from './notifications/service.js';
import { orderService } from './orders/service.js';
import { advancedPaymentService } from './payments/advanced-service.js';
import { paymentService } from './payments/service.js';
import { productService } from './products/service.js';
import type { ShopService } from './shop-service.js';
import { userService } from './users/service.js';

/** What each server serves. */
export const servicesOf: Readonly<Record<ServerName, readonly ShopService[]>> = {
  products: [productService],
  orders: [orderService],
  payments: [paymentService, advancedPaymentService],
  users: [userService],
  notifications: [notificationService],
  chat: [chatService],
  analytics: [analyticsService],
};

export const allServices: readonly ShopService[] = Object.values(servicesOf).flat();
