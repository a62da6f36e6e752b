import type { Report } from '../harness/report.js';
import { underLoad, type Outcome } from '../overload/harness.js';

const BURN_MS = 5;
const DEADLINE_MS = 500;
const MEASURED_MS = 5_000;
/** Of what the bare server can serve. */
const LOADS = [0.2, 0.8, 1.2, 2, 4] as const;
const MODES = ['bare', 'shedding'] as const;

interface Row extends Outcome {
  readonly mode: (typeof MODES)[number];
  readonly load: number;
}

/** How much of its work does a server still do when four times as much is asked of it? */
export default async function overload(): Promise<Report> {
  const capacity = await capacityOf();
  const rows: Row[] = [];
  for (const load of LOADS) {
    for (const mode of MODES) rows.push({ mode, load, ...(await offer(mode, load * capacity)) });
  }
  const peak = Math.max(...rows.map(({ goodput }) => goodput));
  const of = (mode: Row['mode'], load: number): Row => rows.find((row) => row.mode === mode && row.load === load)!;
  const [unloaded, worst] = [of('shedding', LOADS[0]), of('shedding', 4)];
  const figures = {
    capacity,
    peakGoodput: peak,
    goodputShare: worst.goodput / peak,
    p99Ratio: worst.p99 / unloaded.p99,
    bareGoodputShare: of('bare', 4).goodput / peak,
  };
  return {
    title: `Overload: ${BURN_MS} ms of CPU per call, deadlines of ${DEADLINE_MS} ms`,
    how: `Open-loop load (Poisson arrivals, latency from the time a call was due) from a process of its own to a server in another, both anew for each row, ${MEASURED_MS / 1000} s each. Load is relative to the ${capacity.toFixed(0)} calls a second that the bare server answers to eight callers at a time. Goodput is what was answered in time. Under four times the load: ${(figures.goodputShare * 100).toFixed(0)} % of the peak, p99 ${figures.p99Ratio.toFixed(1)} times the one at ${LOADS[0]}.`,
    columns: [
      'server',
      'load',
      'offered /s',
      'goodput /s',
      'of peak',
      'p50 ms',
      'p99 ms',
      'refused /s',
      'p99 of refusals',
      'expired /s',
    ],
    rows: rows.map((row) => cells(row, peak)),
    figures,
    failures: [],
    missed: [
      ...(figures.goodputShare < 0.9
        ? [`goodput is ${(figures.goodputShare * 100).toFixed(1)} % of the peak, not 90`]
        : []),
      ...(figures.p99Ratio >= 5
        ? [`the p99 is ${figures.p99Ratio.toFixed(1)} times the unloaded one, not under 5`]
        : []),
    ],
  };
}

async function capacityOf(): Promise<number> {
  const { goodput } = await underLoad('bare', BURN_MS, {
    kind: 'closed',
    width: 8,
    durationMs: 3_000,
    deadlineMs: 5_000,
  });
  return goodput;
}

function offer(mode: Row['mode'], ratePerSecond: number): Promise<Outcome> {
  return underLoad(mode, BURN_MS, { kind: 'open', ratePerSecond, durationMs: MEASURED_MS, deadlineMs: DEADLINE_MS });
}

function cells({ mode, load, offered, goodput, codes, p50, p99, refusedP99 }: Row, peak: number): string[] {
  const perSecond = (code: string): string => ((codes[code] ?? 0) / (MEASURED_MS / 1000)).toFixed(0);
  return [
    mode,
    `${load} ×`,
    offered.toFixed(0),
    goodput.toFixed(0),
    `${((goodput / peak) * 100).toFixed(0)} %`,
    number(p50),
    number(p99),
    perSecond('UNAVAILABLE'),
    number(refusedP99),
    perSecond('DEADLINE_EXCEEDED'),
  ];
}

const number = (value: number): string => (Number.isNaN(value) ? '–' : value.toFixed(1));
