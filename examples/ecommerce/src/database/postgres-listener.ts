import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import type { Listener } from './database.js';

const RECONNECT_MS = 500;

export interface ListenerOptions {
  /** How often the server is asked whether it is still there. @default 10,000 */
  readonly askEveryMs?: number;
  /** How long it may take to answer. @default 5,000 */
  readonly patienceMs?: number;
}

/**
 * LISTEN needs a connection of its own: made when somebody first listens, and mended whenever it breaks. One that only
 * listens would not notice that the other end is gone, so it asks from time to time.
 */
export class PostgresListener {
  private readonly channels = new Map<string, Set<Listener>>();
  private connection: Promise<pg.Client> | undefined;
  private saying: Promise<unknown> = Promise.resolve();
  private closed = false;
  private readonly askEveryMs: number;
  private readonly patienceMs: number;

  constructor(
    private readonly url: string,
    { askEveryMs = 10_000, patienceMs = 5_000 }: ListenerOptions = {},
  ) {
    this.askEveryMs = askEveryMs;
    this.patienceMs = patienceMs;
  }

  async listen(channel: string, listener: Listener): Promise<() => Promise<void>> {
    const client = await this.client();
    await this.say(client, `listen ${pg.escapeIdentifier(channel)}`);
    const listeners = this.channels.get(channel) ?? new Set();
    this.channels.set(channel, listeners.add(listener));
    return () => Promise.resolve(void listeners.delete(listener));
  }

  async close(): Promise<void> {
    this.closed = true;
    const client = await this.connection?.catch(() => undefined);
    await client?.end();
  }

  private client(): Promise<pg.Client> {
    this.connection ??= this.connect().catch((error: unknown) => {
      this.connection = undefined;
      throw error;
    });
    return this.connection;
  }

  private async connect(): Promise<pg.Client> {
    const client = new pg.Client({
      connectionString: this.url,
      connectionTimeoutMillis: this.patienceMs,
      query_timeout: this.patienceMs,
    });
    client.on('notification', ({ channel, payload }) => {
      for (const listener of this.channels.get(channel) ?? []) listener.onPayload(payload ?? '');
    });
    client.on('error', () => undefined); // 'end' follows
    await client.connect();
    client.once('end', () => this.mend());
    this.watch(client).catch(() => client.end());
    return client;
  }

  /** Rejects when the server does not answer any more. */
  private async watch(client: pg.Client): Promise<never> {
    for (;;) {
      await delay(this.askEveryMs, undefined, { ref: false });
      await this.say(client, 'select 1');
    }
  }

  /** One statement at a time, as the driver wants it. */
  private say(client: pg.Client, statement: string): Promise<unknown> {
    const said = this.saying.then(() => client.query(statement));
    this.saying = said.catch(() => undefined);
    return said;
  }

  private mend(): void {
    if (this.closed) return;
    this.connection = this.reconnect();
    this.connection.catch(() => undefined); // only when closed meanwhile
  }

  private async reconnect(): Promise<pg.Client> {
    for (;;) {
      await delay(RECONNECT_MS, undefined, { ref: false });
      if (this.closed) throw new Error('The database is closed');
      const client = await this.connect().catch(() => undefined);
      if (client === undefined) continue;
      for (const channel of this.channels.keys()) await this.say(client, `listen ${pg.escapeIdentifier(channel)}`);
      for (const listeners of this.channels.values()) for (const listener of listeners) listener.onGap();
      return client;
    }
  }
}
