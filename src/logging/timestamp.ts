let second = NaN;
let untilSecond = '';

/** RFC 3339, in UTC, of a moment in epoch ms; one that lies beyond what a Date can say stays a number. */
export function timestamp(epochMs: number): string {
  const date = new Date(epochMs);
  return Number.isNaN(date.getTime()) ? String(epochMs) : date.toISOString();
}

/** The same for moments near each other, such as calls begin at: put together anew only once a second. */
export function timestampOfNow(epochMs: number): string {
  const whole = Math.floor(epochMs / 1000);
  if (whole !== second) {
    second = whole;
    untilSecond = new Date(whole * 1000).toISOString().slice(0, -'000Z'.length);
  }
  return `${untilSecond}${String(epochMs - whole * 1000).padStart(3, '0')}Z`;
}
