import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import type { Listener } from './database.js';

const RECONNECT_MS = 500;

/** LISTEN needs a connection of its own: made when somebody first listens, and mended whenever it breaks. */
export class PostgresListener {
  private readonly channels = new Map<string, Set<Listener>>();
  private connection: Promise<pg.Client> | undefined;
  private closed = false;

  constructor(private readonly url: string) {}

  async listen(channel: string, listener: Listener): Promise<() => Promise<void>> {
    const client = await this.client();
    await client.query(`listen ${pg.escapeIdentifier(channel)}`);
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
    const client = new pg.Client({ connectionString: this.url, keepAlive: true });
    client.on('notification', ({ channel, payload }) => {
      for (const listener of this.channels.get(channel) ?? []) listener.onPayload(payload ?? '');
    });
    client.on('error', () => undefined); // 'end' follows
    await client.connect();
    client.once('end', () => this.mend());
    return client;
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
      for (const channel of this.channels.keys()) await client.query(`listen ${pg.escapeIdentifier(channel)}`);
      for (const listeners of this.channels.values()) for (const listener of listeners) listener.onGap();
      return client;
    }
  }
}
