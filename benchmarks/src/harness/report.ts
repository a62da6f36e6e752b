/** What a suite found out: a table, and what to know before believing it. */
export interface Report {
  readonly title: string;
  /** What was measured and how, in a sentence or two. */
  readonly how: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
  /** Figures by name, for `--json` and for the check of budgets. */
  readonly figures: Readonly<Record<string, number>>;
  /** Figures over their budget, or anything else that failed. */
  readonly failures: readonly string[];
  /** Targets that were missed: reported, but too noisy to fail for. */
  readonly missed?: readonly string[];
}

/** A suite: one question, answered by a report or several. It throws when it cannot run, rather than report what it did not measure. */
export type Suite = () => Promise<Report | readonly Report[]>;

/** A report as Markdown. */
export function markdown(report: Report): string {
  const odd = report.rows.find((row) => row.length !== report.columns.length);
  if (odd !== undefined)
    throw new Error(`${report.title}: a row of ${odd.length} cells under ${report.columns.length} columns`);
  const widths = report.columns.map((column, index) =>
    Math.max(column.length, ...report.rows.map((row) => row[index]!.length)),
  );
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell, index) => (index === 0 ? cell.padEnd(widths[index]!) : cell.padStart(widths[index]!))).join(' | ')} |`;
  const rule = `|${widths.map((width, index) => (index === 0 ? `:${'-'.repeat(width + 1)}` : `${'-'.repeat(width + 1)}:`)).join('|')}|`;
  return [
    `### ${report.title}`,
    '',
    report.how,
    '',
    line(report.columns),
    rule,
    ...report.rows.map(line),
    ...report.failures.map((failure) => `\n**${failure}**`),
    ...(report.missed ?? []).map((miss) => `\n${miss}`),
    '',
  ].join('\n');
}

/** Node's major version: budgets are stated for 24, and twice that for 20. */
export const nodeMajor = Number(process.versions.node.split('.')[0]);

/** A budget of added CPU microseconds as stated for Node 24, on the present version. */
export const budget = (onNode24: number): number => (nodeMajor >= 24 ? onNode24 : onNode24 * 2);
