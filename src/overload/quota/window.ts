/** The calendar windows of a quota. */
export type QuotaWindow = 'minute' | 'hour' | 'day' | 'week' | 'month' | 'year';

/** All of them. */
export const WINDOWS = ['minute', 'hour', 'day', 'week', 'month', 'year'] as const;

/** A date and a time of day, as clocks in a time zone show it. */
type Local = readonly [year: number, month: number, day: number, hour: number, minute: number];

const MINUTE_MS = 60_000;

/** Where calendar windows begin and end in a time zone. */
export class Calendar {
  private readonly format: Intl.DateTimeFormat;

  /** @throws RangeError for a time zone that Node does not know. */
  constructor(
    private readonly window: QuotaWindow,
    timeZone: string,
  ) {
    const numeric = 'numeric' as const;
    this.format = new Intl.DateTimeFormat('en-US', {
      ...{ timeZone, calendar: 'gregory', hourCycle: 'h23', era: 'short' },
      ...{ year: numeric, month: numeric, day: numeric, hour: numeric, minute: numeric, second: numeric },
    });
  }

  /** When the window that a time belongs to ends, in epoch ms: the first moment of the next one. */
  endOf(epochMs: number): number {
    const [year, month, day, hour, minute] = this.localOf(epochMs);
    switch (this.window) {
      case 'minute':
        return this.epochOf([year, month, day, hour, minute + 1], epochMs);
      case 'hour':
        return this.epochOf([year, month, day, hour + 1, 0], epochMs);
      case 'day':
        return this.epochOf([year, month, day + 1, 0, 0], epochMs);
      case 'week': {
        // ISO 8601: weeks begin on Monday.
        const weekday = (new Date(Date.UTC(year, month, day)).getUTCDay() + 6) % 7;
        return this.epochOf([year, month, day + 7 - weekday, 0, 0], epochMs);
      }
      case 'month':
        return this.epochOf([year, month + 1, 1, 0, 0], epochMs);
      case 'year':
        return this.epochOf([year + 1, 0, 1, 0, 0], epochMs);
    }
  }

  /**
   * When clocks first show this time or a later one, after `from`. Clocks that are set forward skip times and clocks that are set
   * back show some twice: a window ends at the first, and is never empty.
   */
  private epochOf(local: Local, from: number): number {
    const target = utcOf(local);
    let epochMs = target - this.offsetAt(target);
    epochMs = target - this.offsetAt(epochMs);
    // A skipped time: the clock shows an earlier time before the gap, so step to where it is set forward.
    while (utcOf(this.localOf(epochMs)) < target) epochMs += MINUTE_MS;
    while (utcOf(this.localOf(epochMs - MINUTE_MS)) >= target) epochMs -= MINUTE_MS;
    return epochMs > from ? epochMs : from - (from % MINUTE_MS) + MINUTE_MS;
  }

  private offsetAt(epochMs: number): number {
    return utcOf(this.localOf(epochMs)) - Math.floor(epochMs / MINUTE_MS) * MINUTE_MS;
  }

  private localOf(epochMs: number): Local {
    const parts: Record<string, number> = {};
    for (const { type, value } of this.format.formatToParts(epochMs)) parts[type] = Number(value);
    return [parts['year']!, parts['month']! - 1, parts['day']!, parts['hour']!, parts['minute']!];
  }
}

function utcOf([year, month, day, hour, minute]: Local): number {
  return Date.UTC(year, month, day, hour, minute);
}
