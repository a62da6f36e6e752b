import type { User } from '../../gen/chat/chat.js';

/**
 * Who listens in which room. Kept in memory, since it is true only as long as the calls are that this process serves; the
 * chat service runs in one process.
 */
export class Presence {
  private readonly rooms = new Map<string, Set<User>>();

  /** Call the result when the user leaves. Somebody with two windows is there until both are closed. */
  enter(roomId: string, user: User): () => void {
    const here = this.rooms.get(roomId) ?? new Set();
    const visit = { ...user };
    this.rooms.set(roomId, here.add(visit));
    return () => {
      here.delete(visit);
      if (here.size === 0) this.rooms.delete(roomId);
    };
  }

  /** Each user once. */
  in(roomId: string): User[] {
    const visits = this.rooms.get(roomId) ?? new Set();
    return [...new Map([...visits].map((visit) => [visit.id, visit])).values()];
  }
}
