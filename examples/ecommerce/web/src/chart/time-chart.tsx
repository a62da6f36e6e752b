import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import './time-chart.css';

export interface Series {
  readonly label: string;
  readonly tone: 'accent' | 'good' | 'warn' | 'bad' | 'blue' | 'plum' | 'ochre';
}

/** Something that somebody did, and when. */
export interface Mark {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly what: string;
}

interface TimeChartProps {
  readonly title: string;
  readonly series: readonly Series[];
  /** Milliseconds since 1970. */
  readonly times: readonly number[];
  /** Of each series, as many as times. */
  readonly values: readonly (readonly number[])[];
  readonly format: (value: number) => string;
  readonly marks?: readonly Mark[];
  /** What is counted in pieces has no halves on its axis. */
  readonly whole?: boolean;
  /** How much is shown, however little there is yet. */
  readonly windowMs?: number;
  /** Charts with the same one show the same moment under the pointer. */
  readonly sync?: string;
}

const HEIGHT = 150;

/** Lines over time. The drawing is uPlot's; the legend is text, with the newest values, for those who do not see it. */
export function TimeChart(props: TimeChartProps) {
  const { title, series, times, values, format } = props;
  const figure = useRef<HTMLElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const latest = useRef(props);
  latest.current = props;

  useEffect(() => {
    const created = new uPlot(
      optionsFor(figure.current!, () => latest.current),
      [[], ...series.map(() => [])],
    );
    figure.current!.querySelector('.plot')!.append(created.root);
    const observer = new ResizeObserver(([entry]) => {
      created.setSize({ width: entry!.contentRect.width, height: HEIGHT });
    });
    observer.observe(figure.current!);
    plot.current = created;
    return () => {
      observer.disconnect();
      created.destroy();
    };
  }, []);

  useEffect(() => {
    plot.current?.setData([times.map((time) => time / 1_000), ...values] as uPlot.AlignedData);
  }, [times, values, props.marks]);

  return (
    <figure class="chart" ref={figure}>
      <figcaption>{title}</figcaption>
      <ul class="legend">
        {series.map(({ label, tone }, index) => (
          <li key={label}>
            <i class={`swatch ${tone}`} />
            {label}
            <b>{format(values[index]?.at(-1) ?? 0)}</b>
          </li>
        ))}
      </ul>
      <div class="plot" aria-hidden="true" />
    </figure>
  );
}

function optionsFor(figure: HTMLElement, latest: () => TimeChartProps): uPlot.Options {
  const { series, windowMs, sync, whole = false } = latest();
  // The stylesheet decides the colours, and may change its mind: they are asked for at each drawing.
  const colour = (selector: string) => getComputedStyle(figure.querySelector(selector)!).color;
  const axis = {
    stroke: () => colour('figcaption'),
    grid: { show: false },
    ticks: { show: false },
    font: '11px system-ui',
  };
  return {
    width: figure.clientWidth || 300,
    height: HEIGHT,
    legend: { show: false },
    cursor: { y: false, ...(sync !== undefined && { sync: { key: sync } }) },
    scales: {
      ...(windowMs !== undefined && { x: { range: (_plot, _min, max) => [max - windowMs / 1_000, max] } }),
      y: { range: (_plot, _min, max) => [0, Math.max(max * 1.15, whole ? 1 : 0.1)] },
    },
    axes: [
      { ...axis, size: 22, space: 90 },
      {
        ...axis,
        size: 58,
        ...(whole && { incrs: [1, 2, 5, 10] }),
        values: (_plot, ticks) => ticks.map((tick) => latest().format(tick)),
      },
    ],
    series: [
      {},
      ...series.map(({ tone }) => ({
        stroke: () => colour(`.swatch.${tone}`),
        width: 2,
        points: { show: false },
      })),
    ],
    hooks: { draw: [(plot) => drawMarks(plot, latest().marks ?? [], colour('.legend'))] },
  };
}

function drawMarks(plot: uPlot, marks: readonly Mark[], colour: string): void {
  const { ctx, bbox } = plot;
  ctx.save();
  ctx.strokeStyle = ctx.fillStyle = colour;
  ctx.font = `${11 * devicePixelRatio}px system-ui`;
  ctx.setLineDash([3 * devicePixelRatio, 3 * devicePixelRatio]);
  marks.forEach(({ at, what }, index) => {
    const x = plot.valToPos(at / 1_000, 'x', true);
    if (x < bbox.left || x > bbox.left + bbox.width) return;
    ctx.beginPath();
    ctx.moveTo(x, bbox.top);
    ctx.lineTo(x, bbox.top + bbox.height);
    ctx.stroke();
    // Neighbours stand on three lines, so that they do not cover each other, and nobody leaves the chart on the right.
    const left = bbox.left + bbox.width - x < 90 * devicePixelRatio;
    ctx.textAlign = left ? 'right' : 'left';
    ctx.fillText(what, x + (left ? -4 : 4) * devicePixelRatio, bbox.top + (11 + (index % 3) * 13) * devicePixelRatio);
  });
  ctx.restore();
}
