import type { status } from '@grpc/grpc-js';
import Table from 'cli-table3';
import { statusName } from 'grpc-js-middleware';
import { asExpected } from './journey.js';
import type { Entry } from './recorder.js';

/** The journey for people: what was called, what came of it, and what the middleware did about it. */
export function renderTable(entries: readonly Entry[]): string {
  const table = new Table({
    head: ['', 'RPC', 'kind', 'status', 'attempts', 'replica', 'ms', 'what the middleware did'],
    colAligns: ['left', 'left', 'left', 'left', 'right', 'left', 'right', 'left'],
    style: { head: [], border: [], compact: true },
  });
  for (const entry of entries) {
    const { rpc, kind, code, attempts, replica, durationMs, notes } = entry;
    const mark = asExpected(entry) ? '✓' : '✗';
    table.push([mark, rpc, words(kind), nameOf(code), attempts, replica, tenths.format(durationMs), tally(notes)]);
  }
  return table.toString();
}

const tenths = new Intl.NumberFormat('en-US', { minimumFractionDigits: 1, maximumFractionDigits: 1 });

/** Each note once, with how often it was made. */
function tally(notes: readonly string[]): string {
  const times = (note: string) => notes.filter((each) => each === note).length;
  return [...new Set(notes)].map((note) => (times(note) > 1 ? `${note}, ${times(note)} times` : note)).join('; ');
}

function words(kind: string): string {
  return kind.replace('_', ' ');
}

function nameOf(code: status | undefined): string {
  return code === undefined ? 'no answer' : statusName(code);
}
