import { errors } from '../errors.js';

const MAX_UPLOAD = 1_000;

/**
 * All messages of an upload, in memory, before anything is written: the database is not held up by a slow sender, and
 * an upload that is cancelled throws here and leaves nothing behind.
 */
export async function takeUpload<T>(messages: AsyncIterable<T>): Promise<T[]> {
  const taken: T[] = [];
  for await (const message of messages) {
    if (taken.length === MAX_UPLOAD) throw errors.UPLOAD_TOO_LARGE({ max: MAX_UPLOAD });
    taken.push(message);
  }
  return taken;
}
