import { randomUUID } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import { NotificationType } from '../gen/ecommerce/notification.js';
import { collect } from '../streams/collect.js';
import type { Journey } from './journey.js';
import type { People } from './people.js';

/** What the shop tells its customers, and what they tell each other. */
export async function talk(journey: Journey, people: People): Promise<void> {
  await notify(journey, people);
  await chat(journey, people);
}

async function notify(journey: Journey, { ada, admin }: People): Promise<void> {
  const notice = { userId: 1, type: NotificationType.ORDER, title: 'Your parcel', message: 'It is at the door' };
  const { notification } = await journey.succeeds(() => admin.notifications.sendNotification(notice));
  const news = journey.opens(() => ada.notifications.streamNotifications({ userId: 1, afterId: notification!.id - 1 }));
  await news.hears(({ id }) => id === notification!.id);
  await journey.succeeds(() => admin.notifications.sendNotification({ ...notice, title: 'Thank you' }));
  await news.hears(({ title }) => title === 'Thank you');
  await news.hangUp();
}

async function chat(journey: Journey, { stranger, ada, grace }: People): Promise<void> {
  const roomId = `bicycles ${randomUUID()}`;
  await journey.isRefused(status.UNAUTHENTICATED, () => collect(stranger.chat.joinRoom({ roomId })));
  let doorOpens = () => {};
  const opened = new Promise<void>((resolve) => (doorOpens = resolve));
  const room = journey.opens(() => grace.chat.joinRoom({ roomId }, { onHeaders: () => doorOpens() }));
  await opened;
  await journey.succeeds(
    () => collect(ada.chat.getOnlineUsers({ roomId })),
    ([user]) => user?.name === 'Grace Hopper',
  );
  const said = { id: 0, roomId, userId: 0, message: 'Which saddle?', timestamp: undefined };
  await journey.succeeds(() => ada.chat.sendMessage([said, { ...said, message: 'The soft one?' }]));
  await room.hears(({ message, userId }) => message === 'Which saddle?' && userId === 1);
  await room.hears(({ message }) => message === 'The soft one?');
  await room.hangUp();
  await journey.succeeds(
    () => collect(grace.chat.getRoomHistory({ roomId, page: 1, pageSize: 10 })),
    (history) => history.length === 2,
  );
}
