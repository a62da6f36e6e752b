import { effect, signal } from '@preact/signals';
import { follow } from '../api/follow.js';
import type { Notification } from '../api/services.js';
import { me } from '../api/session.js';
import { toast } from './toast.js';

/** No list on the page grows for ever. */
const KEPT = 50;

/** What the shop told the person who is signed in, the newest first. */
export const news = signal<readonly Notification[]>([]);

/** How many of them were not looked at. */
export const unread = signal(0);

const userId = signal(0);
effect(() => {
  userId.value = me.value?.userId ?? 0;
});

// Follows the news of whoever is signed in, for as long as they are.
effect(() => {
  const whose = userId.value;
  news.value = [];
  unread.value = 0;
  if (whose === 0) return;
  const opened = Date.now();
  let afterId = 0;
  return follow(
    'ecommerce.NotificationService/StreamNotifications',
    () => ({ userId: whose, afterId }),
    (notification) => {
      afterId = notification.id;
      news.value = [notification, ...news.peek()].slice(0, KEPT);
      // What happened before this visit is there to be read, but no news.
      if (Date.parse(notification.createdAt ?? '') < opened) return;
      unread.value++;
      toast(notification.title, notification.message);
    },
  );
});
