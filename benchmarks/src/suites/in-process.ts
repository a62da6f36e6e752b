import { ServerInterceptingCall, type ServerInterceptor } from '@grpc/grpc-js';
import { composeServerInterceptors, defineServerInterceptor } from 'grpc-js-middleware';
import { budget, type Report } from '../harness/report.js';
import { inRounds } from '../harness/rounds.js';
import { driveUnary, type UnaryHandler } from '../in-process/driver.js';

interface Candidate {
  readonly name: string;
  readonly interceptors: readonly ServerInterceptor[];
  /** Added CPU µs per call that it may take on Node 24; twice that on Node 20. */
  readonly budget?: number;
}

const empty = defineServerInterceptor('empty', () => () => ({}));
const noop = (index: number): ServerInterceptor =>
  defineServerInterceptor(`noop-${index}`, () => () => ({
    admit() {},
    onRequest() {},
    onHeaders() {},
    onResponse() {},
    onError() {},
    onStatus() {},
    onEnd() {},
  }));
const ten = Array.from({ length: 10 }, (_, index) => noop(index));
const native: ServerInterceptor = (_descriptor, call) => new ServerInterceptingCall(call);

const candidates: readonly Candidate[] = [
  { name: 'bare', interceptors: [] },
  { name: 'one empty interceptor', interceptors: [empty], budget: 2 },
  { name: 'ten no-op interceptors, every hook', interceptors: ten, budget: 6 },
  { name: 'the same ten, composed', interceptors: [composeServerInterceptors(...ten)], budget: 6 },
  { name: "one of grpc-js's own, nested", interceptors: [native] },
  { name: "ten of grpc-js's own, nested", interceptors: Array.from({ length: 10 }, () => native) },
];

const answer: UnaryHandler = (_request, _call, respond) => respond(null, { ok: true });

/** What does a pass add to a unary call, apart from the network? */
export default async function inProcess(): Promise<Report> {
  const measured = await inRounds(
    candidates.map(({ name, interceptors }) => ({ name, run: (count) => driveUnary(interceptors, answer, count) })),
  );
  const bare = measured[0]!.lower;
  const rows = candidates.map((candidate, index) => {
    const { lower, median, upper } = measured[index]!;
    const allowed = candidate.budget === undefined ? undefined : budget(candidate.budget);
    return {
      name: candidate.name,
      added: lower - bare,
      median: median - measured[0]!.median,
      spread: upper - lower,
      allowed,
    };
  });
  return {
    title: 'In process: added CPU µs per unary call on the server',
    how: 'The whole pass is driven by a base call that has everything at hand; 40 interleaved rounds of 5,000 calls. The lower quartile of the rounds, less that of the bare call, is what a quiet machine would show; the median and the distance between quartiles say how quiet this one was.',
    columns: ['interceptors', 'added µs', 'median', 'between quartiles', 'budget'],
    rows: rows.map(({ name, added, median, spread, allowed }) => [
      name,
      added.toFixed(2),
      median.toFixed(2),
      spread.toFixed(2),
      allowed === undefined ? '' : `≤ ${allowed}`,
    ]),
    figures: Object.fromEntries(rows.map(({ name, added }) => [name, added])),
    failures: rows
      .filter(({ added, allowed }) => allowed !== undefined && added > allowed)
      .map(({ name, added, allowed }) => `${name}: ${added.toFixed(2)} µs are over the budget of ${allowed}`),
  };
}
