import { sql as raw, type SQL } from 'drizzle-orm';
import { status } from '@grpc/grpc-js';
import { StatusError, type ServerCallContext } from 'grpc-js-middleware';
import type { Database, Sql } from '../database/database.js';
import { LiveQueue } from './live-queue.js';

/** What travels: the key says whom it concerns, such as an order's id or a user's. */
interface Envelope<T> {
  readonly key: string | number;
  readonly value: T;
}

/** Publishes what happens to all processes of the shop, through the database, and hands it to those who asked for it. */
export class Topic<T> {
  private readonly readers = new Map<string | number, Set<LiveQueue<T>>>();
  private listening: Promise<unknown> | undefined;

  constructor(
    private readonly database: Database,
    private readonly channel: string,
  ) {}

  /** Inside a transaction it is heard when that commits, and never if it does not. A value has at most 8,000 bytes. */
  async publish(sql: Sql, key: string | number, value: T): Promise<void> {
    const envelope: Envelope<T> = { key, value };
    await sql.execute(raw`select pg_notify(${this.channel}, ${JSON.stringify(envelope)})`);
  }

  /** As {@link publish}, for what a statement writes: an expression to select beside it. */
  announcement(key: SQL, value: Record<keyof T & string, SQL>): SQL {
    const fields = Object.entries<SQL>(value).map(([name, field]) => raw`${name}::text, ${field}`);
    const envelope = raw`json_build_object('key', ${key}, 'value', json_build_object(${raw.join(fields, raw`, `)}))`;
    return raw`pg_notify(${this.channel}, ${envelope}::text)`;
  }

  /** Hears everything published under a key from the moment that this resolves. */
  async subscribe(key: string | number, call: ServerCallContext): Promise<LiveQueue<T>> {
    await this.listen();
    const readers = this.readers.get(key) ?? new Set();
    this.readers.set(key, readers);
    const queue = new LiveQueue<T>(call, () => {
      readers.delete(queue);
      if (readers.size === 0) this.readers.delete(key);
    });
    readers.add(queue);
    return queue;
  }

  /** One LISTEN serves all readers of a process. */
  private listen(): Promise<unknown> {
    this.listening ??= this.database
      .listen(this.channel, { onPayload: (payload) => this.deliver(payload), onGap: () => this.breakOff() })
      .catch((error: unknown) => {
        this.listening = undefined;
        throw error;
      });
    return this.listening;
  }

  private deliver(payload: string): void {
    const { key, value } = JSON.parse(payload) as Envelope<T>;
    for (const reader of this.readers.get(key) ?? []) reader.push(value);
  }

  /** Something may have been missed. Clients that care come again, and are told the present state first. */
  private breakOff(): void {
    for (const readers of this.readers.values()) for (const reader of readers) reader.fail(missed());
  }
}

function missed(): StatusError {
  return new StatusError(status.UNAVAILABLE, 'The stream lost touch for a moment: call again');
}
