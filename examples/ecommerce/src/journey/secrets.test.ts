import { trace } from '@opentelemetry/api';
import { InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base';
import { NodeTracerProvider } from '@opentelemetry/sdk-trace-node';
import { sql as raw } from 'drizzle-orm';
import { pino } from 'pino';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { rowsOf, tablesOf } from '../testing/digest.js';
import { Eavesdropper, leaksIn, textOf } from '../testing/secrets.js';
import { startTestShop, type TestShop } from '../testing/test-shop.js';
import { openPeople } from './people.js';
import { travel } from './run-journey.js';

// Card numbers, CVVs, account numbers, wallets and tokens pass through the shop and stay nowhere.

let shop: TestShop;
const log: string[] = [];
const spans = new InMemorySpanExporter();

beforeAll(async () => {
  new NodeTracerProvider({ spanProcessors: [new SimpleSpanProcessor(spans)] }).register();
  shop = await startTestShop(pino({ level: 'trace' }, { write: (line) => void log.push(line) }));
});
afterAll(async () => {
  trace.disable();
  await shop.close();
});

test('after the whole journey no secret is in the database, the log, the spans, the metrics or what clients are told', async () => {
  const tokens = [vi.spyOn(shop.issuer, 'token'), vi.spyOn(shop.issuer, 'serviceToken')];
  const eavesdropper = new Eavesdropper();
  const people = openPeople(shop.scheme, shop.issuer, undefined, [eavesdropper.interceptor]);

  const journey = await travel(people);
  for (const clients of Object.values(people)) clients.close();

  expect(journey.succeeded).toBe(true);
  const issued = await Promise.all(
    tokens.flatMap(({ mock }) => mock.results.map(({ value }) => value as Promise<string>)),
  );
  const secrets = [...eavesdropper.secrets, ...issued];
  const cards = ['4242424242424242', '4000 0000 0000 0002', '4000000000000119', '8035', '12/40'];
  expect(secrets).toEqual(expect.arrayContaining([...cards, '000123456789', 'ada-1815', expect.stringMatching(/^ey/)]));
  const places = {
    database: await everythingIn(shop),
    log: log.join(''),
    spans: textOf(
      spans.getFinishedSpans().map(({ name, attributes, events, status }) => [name, attributes, events, status]),
    ),
    metrics: await shop.register.metrics(),
    told: eavesdropper.told.join('\n'),
    table: textOf(journey.entries),
  };
  for (const [place, text] of Object.entries(places)) {
    expect(text, `${place} is searched`).toMatch(/ProcessPayment|Approved/);
    expect(leaksIn(text, secrets), place).toEqual([]);
  }
});

test('a leak would be found', () => {
  const secrets = ['4242424242424242', '12/40', '8035'];

  expect(leaksIn('{"cvv":"8035","card":"4242424242424242"}', secrets)).toEqual(['4242424242424242', '8035']);
  expect(leaksIn('id 8a1b-8035-4242, 12.8035 ms, port 48035', secrets)).toEqual([]);
});

/** Every column of every table. */
async function everythingIn({ database: { sql } }: TestShop): Promise<string> {
  const tables = await tablesOf(sql);
  const rows = await Promise.all(tables.map((table) => rowsOf(sql, raw`select * from ${raw.raw(table)}`)));
  return textOf(rows);
}
