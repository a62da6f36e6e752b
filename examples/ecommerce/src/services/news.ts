import type { Database, Sql } from '../database/database.js';
import { Topic } from '../streams/topic.js';
import type { StoredNotification } from './notifications/repository.js';
import type { Announce as AnnounceUpdate, Told } from './orders/telling.js';
import type { StoredPayment } from './payments/repository.js';

/** As something travels between processes: dates become text on the way. */
export type Travelling<T, Dates extends keyof T> = Omit<T, Dates> & Readonly<Record<Dates, string>>;

export type AnnouncedUpdate = Travelling<Told, 'createdAt'>;
export type AnnouncedPayment = Travelling<StoredPayment, 'processedAt'>;
export type AnnouncedNotification = Travelling<StoredNotification, 'createdAt'>;

/** Under this key everybody's payments are announced, for staff; under a user's id, that user's. */
export const EVERYBODY = 0;

/** What all processes hear of, announced in the transaction that makes it true: so it is heard if, and only if, it is. */
export interface News {
  readonly updates: Topic<AnnouncedUpdate>;
  readonly payments: Topic<AnnouncedPayment>;
  readonly notifications: Topic<AnnouncedNotification>;
  readonly announceUpdate: AnnounceUpdate;
  announcePayment(transaction: Sql, payment: StoredPayment): Promise<void>;
  announceNotification(transaction: Sql, notification: StoredNotification): Promise<void>;
}

const known = new WeakMap<Database, News>();

/** Of one database there is one: its services share what they listen to. */
export function newsOf(database: Database): News {
  const news = known.get(database) ?? openNews(database);
  known.set(database, news);
  return news;
}

function openNews(database: Database): News {
  const updates = new Topic<AnnouncedUpdate>(database, 'order_updates');
  const payments = new Topic<AnnouncedPayment>(database, 'payments');
  const notifications = new Topic<AnnouncedNotification>(database, 'notifications');
  return {
    updates,
    payments,
    notifications,
    announceUpdate: (update) => updates.announcement(update.orderId, update),
    async announcePayment(transaction, payment) {
      const announced = { ...payment, processedAt: payment.processedAt.toISOString() };
      await payments.publish(transaction, payment.userId, announced);
      await payments.publish(transaction, EVERYBODY, announced);
    },
    announceNotification: (transaction, notification) =>
      notifications.publish(transaction, notification.userId, {
        ...notification,
        createdAt: notification.createdAt.toISOString(),
      }),
  };
}
