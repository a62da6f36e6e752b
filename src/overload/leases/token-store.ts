/** What a process asks the shared bucket of a key for. */
export interface TokenRequest {
  /** Whose bucket. */
  readonly key: string;
  /** The fewest tokens that are of use; with fewer nothing is taken. */
  readonly cost: number;
  /** The most tokens to take; 0 only asks whether the store works, and writes all the same. */
  readonly want: number;
  /** Tokens taken before that are returned first. */
  readonly giveBack: number;
  /** How far ahead of the bucket's refill tokens may be reserved, in ms. */
  readonly aheadMs: number;
  /** How many tokens may be reserved ahead of the refill: this process's part of what others reserve too. */
  readonly share: number;
}

/** What the store answers. Times are durations, so that the clocks of processes do not matter. */
export interface TokenGrant {
  /** Tokens taken: 0, or from `cost` to `want`. */
  readonly granted: number;
  /** Tokens in the bucket before they were taken; negative while tokens are reserved ahead of the refill. */
  readonly level: number;
  /** In how many ms `cost` more tokens will be there; 0 when they are there now. */
  readonly waitMs: number;
  /** Whether the bucket was last used with another rate or burst. */
  readonly otherLimits: boolean;
}

/** Buckets that processes share. Every method rejects when the store cannot do it. */
export interface TokenStore {
  /** As warnings name it: `redis` or `postgres`. */
  readonly name: string;
  /** Takes tokens in one atomic step. */
  acquire(request: TokenRequest): Promise<TokenGrant>;
  /** Says that this process is at work, and answers how many have said so lately. */
  heartbeat(): Promise<number>;
}
