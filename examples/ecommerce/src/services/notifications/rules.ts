import { NotificationServiceService, NotificationType } from '../../gen/ecommerce/notification.js';
import { id, oneOf, optionalId, rulesFor, text } from '../../rules.js';

export const notificationRules = rulesFor(NotificationServiceService, {
  sendNotification: (request) => [
    id('user_id', request.userId),
    oneOf('type', request.type, NotificationType),
    text('title', request.title, { max: 200 }),
    text('message', request.message, { max: 1_000 }),
  ],
  streamNotifications: (request) => [id('user_id', request.userId), optionalId('after_id', request.afterId)],
});
