import { implement } from 'grpc-js-middleware/promises';
import { NotificationServiceService } from '../../gen/ecommerce/notification.js';
import type { ShopService } from '../shop-service.js';
import { once } from '../../idempotency/once.js';
import { newsOf } from '../news.js';
import { NotificationRepository, notify } from './repository.js';
import { notificationRules } from './rules.js';

export const notificationService: ShopService = {
  definition: NotificationServiceService,
  rules: notificationRules,

  implement({ database, peers }) {
    const news = newsOf(database);
    const repository = new NotificationRepository(database.sql);

    return implement(NotificationServiceService, {
      async sendNotification(request, call) {
        await peers.users.getUser({ id: request.userId });
        const id = await once(database.sql, call, async (transaction) => (await notify(transaction, request, news)).id);
        return { notification: await repository.find(id) };
      },

      async *streamNotifications({ userId, afterId }, call) {
        await peers.users.getUser({ id: userId });
        const sent = await news.notifications.subscribe(userId, call); // before the past is read, so that nothing falls between
        try {
          let last = afterId;
          for await (const notification of repository.listAfter(userId, afterId)) {
            last = notification.id;
            yield notification;
          }
          for await (const { createdAt, ...notification } of sent) {
            if (notification.id > last) yield { ...notification, createdAt: new Date(createdAt) };
          }
        } finally {
          sent.close();
        }
      },
    });
  },
};
