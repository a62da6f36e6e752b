/** An answer of a {@link RateLimiter} that says more than the wait. */
export interface RateLimitAnswer {
  /** 0 when the tokens were taken, else in how many ms there will be enough. */
  readonly retryAfterMs: number;
  /** Tokens left now. */
  readonly remaining?: number;
  /** In how many ms the key has all its tokens again. */
  readonly resetMs?: number;
}

/**
 * Counts calls by key. Implement it to count for several servers together, in Redis for instance.
 *
 * @example
 * const shared: RateLimiter = {
 *   take: async (key) => Number(await redis.eval(takeToken, { keys: [key] })),
 * };
 */
export interface RateLimiter {
  /**
   * Takes `cost` tokens of this key (1 unless given), all or none. Answers 0 when there were as many, else in how many ms
   * there will be; or the same as a {@link RateLimitAnswer}. `Infinity` means never. Keys are at most 256 characters long:
   * longer ones are hashed before.
   */
  take(key: string, cost?: number): number | RateLimitAnswer | PromiseLike<number | RateLimitAnswer>;
}

/**
 * The wait that an answer asks for, in ms.
 *
 * @throws TypeError for what is not an answer.
 */
export function retryAfterOf(answer: unknown): number {
  const delayMs =
    typeof answer === 'object' && answer !== null ? (answer as Partial<RateLimitAnswer>).retryAfterMs : answer;
  if (typeof delayMs === 'number' && delayMs >= 0) return delayMs;
  throw new TypeError(
    'a limiter must answer with a number of at least 0, or an object with retryAfterMs of at least 0, ' +
      `got ${typeof answer === 'number' ? answer : typeof answer}`,
  );
}
