import { randomUUID } from 'node:crypto';
import { status } from '@grpc/grpc-js';
import { collect } from '../streams/collect.js';
import type { Journey } from './journey.js';
import type { People } from './people.js';

/** Becoming a user, and what users may know of each other. */
export async function meetUsers(journey: Journey, { stranger, ada, admin }: People): Promise<void> {
  const joan = newcomer('Joan Clarke');
  const { user } = await journey.succeeds(() => stranger.users.createUser(joan));
  await journey.isRefused(status.ALREADY_EXISTS, () => stranger.users.createUser(joan));
  await journey.succeeds(
    () => ada.users.getUser({ id: 1 }),
    ({ user: self }) => self?.id === 1,
  );
  await journey.isRefused(status.PERMISSION_DENIED, () => ada.users.getUser({ id: 2 }));
  await journey.isRefused(status.UNAUTHENTICATED, () => stranger.users.getUser({ id: 1 }));
  await journey.succeeds(() => admin.users.updateUser({ ...joan, id: user!.id, name: 'Joan Murray' }));
  const { users } = await journey.succeeds(
    () => admin.users.createUsers([newcomer('Radia'), newcomer('Barbara')]),
    ({ count }) => count === 2,
  );
  await journey.succeeds(
    () => collect(admin.users.listUsers({ page: 1, pageSize: 3 })),
    (page) => page.length === 3,
  );
  await journey.succeeds(() =>
    collect(ada.users.chatWithUsers([{ id: 1, message: 'Good morning', timestamp: 0, userId: 0 }])),
  );
  for (const { id } of [user!, ...users]) await journey.succeeds(() => admin.users.deleteUser({ id }));
}

function newcomer(name: string) {
  return { name, email: `${randomUUID()}@journey.example` };
}
