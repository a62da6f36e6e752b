import { expect, test } from 'vitest';
import { Calendar, type QuotaWindow } from './window.js';

test.each<[QuotaWindow, string, string, string]>([
  ['minute', 'UTC', '2026-02-28T23:59:30Z', '2026-03-01T00:00:00Z'],
  ['hour', 'UTC', '2026-12-31T23:00:00Z', '2027-01-01T00:00:00Z'],
  ['hour', 'Asia/Kolkata', '2026-05-01T10:00:00Z', '2026-05-01T10:30:00Z'],
  ['day', 'UTC', '2028-02-28T12:00:00Z', '2028-02-29T00:00:00Z'],
  ['day', 'Asia/Tokyo', '2026-05-01T14:59:59.999Z', '2026-05-01T15:00:00Z'],
  ['day', 'Asia/Tokyo', '2026-05-01T15:00:00Z', '2026-05-02T15:00:00Z'],
  ['week', 'UTC', '2026-12-01T12:00:00Z', '2026-12-07T00:00:00Z'],
  ['week', 'UTC', '2026-12-07T00:00:00Z', '2026-12-14T00:00:00Z'],
  ['month', 'UTC', '2026-12-15T00:00:00Z', '2027-01-01T00:00:00Z'],
  ['month', 'America/New_York', '2026-03-01T04:59:00Z', '2026-03-01T05:00:00Z'],
  ['year', 'Pacific/Auckland', '2026-12-31T10:59:00Z', '2026-12-31T11:00:00Z'],
  // Clocks are set forward and back: days of 23 and 25 hours.
  ['day', 'Europe/Zurich', '2026-03-28T23:00:00Z', '2026-03-29T22:00:00Z'],
  ['day', 'Europe/Zurich', '2026-10-24T22:00:00Z', '2026-10-25T23:00:00Z'],
  ['hour', 'Europe/Zurich', '2026-03-29T00:30:00Z', '2026-03-29T01:00:00Z'],
  // Midnight is skipped: the day begins at one o'clock.
  ['day', 'America/Santiago', '2026-09-05T12:00:00Z', '2026-09-06T04:00:00Z'],
])('a %s in %s that has %s ends at %s', (window, timeZone, now, end) => {
  expect(new Date(new Calendar(window, timeZone).endOf(Date.parse(now))).toISOString()).toBe(
    new Date(end).toISOString(),
  );
});

test('a window always ends after now, and its end is the beginning of another, through every change of clocks', () => {
  for (const timeZone of ['Europe/Zurich', 'America/Santiago', 'Australia/Lord_Howe', 'Asia/Kathmandu']) {
    for (const window of ['hour', 'day'] as const) {
      const calendar = new Calendar(window, timeZone);
      let now = Date.parse('2026-03-20T00:00:00Z');
      for (let i = 0; i < 300; i++) {
        const end = calendar.endOf(now);
        expect(end).toBeGreaterThan(now);
        expect(calendar.endOf(end - 1)).toBe(end);
        now = end;
      }
    }
  }
});
