import { randomUUID } from 'node:crypto';
import type { TokenGrant, TokenRequest, TokenStore } from '../overload/leases/token-store.js';
import type { RunScript } from './client.js';
import { listOf, taggedKey } from './script.js';
import { acquireTokens, countProcesses } from './token-scripts.js';

/** For how long a process counts after it last said that it is at work: three times as long as between two heartbeats. */
const AT_WORK_MS = '15000';

/** Token buckets in Redis: one hash for each key. */
export class RedisTokenStore implements TokenStore {
  readonly name = 'redis';
  private readonly process = randomUUID();
  private readonly limits: readonly [string, string];

  constructor(
    private readonly run: RunScript,
    private readonly keyPrefix: string,
    ratePerSecond: number,
    burst: number,
  ) {
    this.limits = [String(ratePerSecond), String(burst)];
  }

  async acquire({ key, cost, want, giveBack, aheadMs, share }: TokenRequest): Promise<TokenGrant> {
    const args = [cost, want, giveBack, aheadMs * 1000, share].map(String);
    const reply = await acquireTokens.run(this.run, taggedKey(this.keyPrefix, key), [...this.limits, ...args]);
    const [granted, level, waitUs, differs] = listOf(reply, 4).map(Number);
    return { granted: granted!, level: level! / 1000, waitMs: waitUs! / 1000, otherLimits: differs === 1 };
  }

  async heartbeat(): Promise<number> {
    const key = `${taggedKey(this.keyPrefix, 'processes')}:set`;
    return Number(await countProcesses.run(this.run, key, [this.process, AT_WORK_MS]));
  }
}
