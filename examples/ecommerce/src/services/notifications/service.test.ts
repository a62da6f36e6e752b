import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { NotificationType } from '../../gen/ecommerce/notification.js';
import { collect } from '../../streams/collect.js';
import { refusal, refusals, violationsOf } from '../../testing/refusals.js';
import { startTestShop, type TestShop } from '../../testing/test-shop.js';
import { notifications } from './schema.js';
import { eventually } from '../../../../../test/support/until.js';

let shop: TestShop;
beforeAll(async () => {
  shop = await startTestShop();
});
afterAll(() => shop.close());

const notice = { userId: 1, type: NotificationType.OFFER, title: 'Sale', message: 'Socks at half price' };
const send = (title: string, userId = 1) => shop.admin.notifications.sendNotification({ ...notice, title, userId });

test('a stream begins with what was not seen yet, then brings each new one, one’s own only', async () => {
  const { notification: seen } = await send('seen');
  await send('waiting');
  const stream = shop.ada.notifications.streamNotifications({ userId: 1, afterId: seen!.id });

  expect((await stream.next()).value).toMatchObject({
    ...notice,
    title: 'waiting',
    createdAt: expect.any(Date) as Date,
  });
  await send('for Grace', 2);
  await send('live');
  expect((await stream.next()).value).toMatchObject({ title: 'live' });
  await stream.return?.();
});

test('a reader who does not read is sent away, and nobody else notices', async () => {
  const { notification: last } = await send('first');
  const slow = shop.ada.notifications.streamNotifications({ userId: 1, afterId: last!.id });
  const quick = shop.ada.notifications.streamNotifications({ userId: 1, afterId: last!.id });
  let read = 0;
  const quickly = (async () => {
    for await (const { title } of quick) {
      read++;
      if (title === 'last') return 'read to the last';
    }
    return 'ended early';
  })();
  await send('opens both');
  expect((await slow.next()).value).toMatchObject({ title: 'opens both' });

  // HTTP/2 buffers take some; then the shop's own queue fills up.
  const long = { ...notice, message: 'x'.repeat(1_000) };
  for (let sent = 1; sent < 600; sent += 50) {
    await eventually(() => expect(read).toBe(sent));
    await Promise.all(Array.from({ length: 50 }, () => shop.admin.notifications.sendNotification(long)));
  }
  await send('last');

  expect(await quickly).toBe('read to the last');
  expect(await refusal(collect(slow))).toMatchObject({ code: status.RESOURCE_EXHAUSTED });
}, 60_000);

test('only staff send, only oneself reads, and only users are told', async () => {
  const [notStaff, another, unknown] = await refusals([
    shop.ada.notifications.sendNotification(notice),
    collect(shop.ada.notifications.streamNotifications({ userId: 2, afterId: 0 })),
    send('nobody', 4711),
  ]);

  expect(notStaff).toMatchObject({ code: status.PERMISSION_DENIED });
  expect(another).toMatchObject({ code: status.PERMISSION_DENIED });
  expect(unknown).toMatchObject({ code: status.NOT_FOUND, reason: 'USER_NOT_FOUND' });
});

test('bad input is refused, every field at once', async () => {
  const before = await shop.database.sql.$count(notifications);
  const bad = { userId: 0, type: 99 as NotificationType, title: '', message: 'x'.repeat(1_000_000) };

  expect(await violationsOf(shop.admin.notifications.sendNotification(bad))).toEqual([
    'user_id',
    'type',
    'title',
    'message',
  ]);
  const stream = shop.admin.notifications.streamNotifications({ userId: 0, afterId: -1 });
  expect(await violationsOf(collect(stream))).toEqual(['user_id', 'after_id']);

  expect(await shop.database.sql.$count(notifications)).toBe(before);
});
