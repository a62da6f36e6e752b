import { createHash } from 'node:crypto';
import type { RunScript } from './client.js';

/** A Lua script of one key. Redis runs it as a whole: nothing else runs in between. */
export class Script {
  private readonly sha1: string;

  constructor(private readonly text: string) {
    this.sha1 = createHash('sha1').update(text).digest('hex');
  }

  /**
   * Runs it by its hash; by its text where Redis does not know it, or no longer (it was restarted or its scripts flushed).
   *
   * @throws what the client throws.
   */
  async run(run: RunScript, key: string, args: string[]): Promise<unknown> {
    try {
      return await run(this.sha1, undefined, key, args);
    } catch (error) {
      if (!isUnknownScript(error)) throw error;
      return run(this.sha1, this.text, key, args);
    }
  }
}

function isUnknownScript(error: unknown): boolean {
  return error instanceof Error && error.message.startsWith('NOSCRIPT');
}

/** @throws Error when the reply is not a list of so many values. */
export function listOf(reply: unknown, length: number): readonly unknown[] {
  if (Array.isArray(reply) && reply.length === length) return reply;
  throw new Error(`unexpected reply of a script: ${JSON.stringify(reply)}`);
}

/** A value as text, whether the client gives strings or bytes. */
export function textOf(value: unknown): string {
  return value instanceof Uint8Array ? Buffer.from(value).toString('utf8') : String(value);
}

/** The key in Redis: what is in braces decides where a cluster keeps it. */
export function taggedKey(prefix: string, key: string): string {
  return `${prefix}{${key}}`;
}
