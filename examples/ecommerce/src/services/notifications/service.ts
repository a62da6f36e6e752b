import { implement } from 'grpc-js-middleware/promises';
import { NotificationServiceService } from '../../gen/ecommerce/notification.js';
import { Topic } from '../../streams/topic.js';
import type { ShopService } from '../shop-service.js';
import { NotificationRepository, type StoredNotification } from './repository.js';
import { notificationRules } from './rules.js';

/** A notification as it travels between processes: dates become text on the way. */
type Announced = Omit<StoredNotification, 'createdAt'> & { readonly createdAt: string };

export const notificationService: ShopService = {
  definition: NotificationServiceService,
  rules: notificationRules,

  implement({ database, peers }) {
    const sent = new Topic<Announced>(database, 'notifications');
    const repository = new NotificationRepository(database.sql, (transaction, notification) =>
      sent.publish(transaction, notification.userId, {
        ...notification,
        createdAt: notification.createdAt.toISOString(),
      }),
    );

    return implement(NotificationServiceService, {
      async sendNotification(request) {
        await peers.users.getUser({ id: request.userId });
        return { notification: await repository.create(request) };
      },

      async *streamNotifications({ userId, afterId }, call) {
        await peers.users.getUser({ id: userId });
        const news = await sent.subscribe(userId, call); // before the past is read, so that nothing falls between
        try {
          let last = afterId;
          for await (const notification of repository.listAfter(userId, afterId)) {
            last = notification.id;
            yield notification;
          }
          for await (const { createdAt, ...notification } of news) {
            if (notification.id > last) yield { ...notification, createdAt: new Date(createdAt) };
          }
        } finally {
          news.close();
        }
      },
    });
  },
};
