import type { RetryThrottling } from '../core/shared/retry-policy.js';

/**
 * Token bucket of gRFC A6. While a server fails, a budget in proportion to what succeeds bounds the load that retries add;
 * a count per call does not, since all calls spend it at once.
 */
export class RetryThrottle {
  // In thousandths: three decimals are exact, and sums of them stay so.
  private readonly max: number;
  private readonly ratio: number;
  private left: number;

  constructor({ maxTokens, tokenRatio }: RetryThrottling) {
    this.max = Math.round(maxTokens * 1000);
    this.ratio = Math.round(tokenRatio * 1000);
    this.left = this.max;
  }

  get tokens(): number {
    return this.left / 1000;
  }

  /** Whether there are tokens for another attempt. */
  get allows(): boolean {
    return this.left > this.max / 2;
  }

  succeeded(): void {
    this.left = Math.min(this.left + this.ratio, this.max);
  }

  /** Counts a failure, and says whether a retry is allowed after it. */
  failed(): boolean {
    this.left = Math.max(this.left - 1000, 0);
    return this.allows;
  }
}

/** A logical call, which knows its channel. */
export interface ThrottledCall {
  /** Undefined where it cannot be seen. */
  readonly channel: object | undefined;
}

/** The throttles of one interceptor: one per channel, made when a call on that channel first fails. */
export class ChannelThrottles {
  private readonly byChannel = new WeakMap<object, RetryThrottle>();
  private any = false;

  constructor(private readonly throttling: RetryThrottling) {}

  /** Before anything has failed, every bucket is full and there is nothing to count. */
  succeeded(call: ThrottledCall): void {
    if (this.any) this.byChannel.get(this.keyOf(call))?.succeeded();
  }

  /** Counts a failure, and says whether a retry is allowed after it. */
  failed(call: ThrottledCall): boolean {
    return this.of(call).failed();
  }

  allows(call: ThrottledCall): boolean {
    return !this.any || (this.byChannel.get(this.keyOf(call))?.allows ?? true);
  }

  private of(call: ThrottledCall): RetryThrottle {
    const key = this.keyOf(call);
    let throttle = this.byChannel.get(key);
    if (throttle === undefined) this.byChannel.set(key, (throttle = new RetryThrottle(this.throttling)));
    this.any = true;
    return throttle;
  }

  /** Where a foreign interceptor hides the channel, the interceptor's calls share one bucket. */
  private keyOf({ channel }: ThrottledCall): object {
    return channel ?? this;
  }
}
