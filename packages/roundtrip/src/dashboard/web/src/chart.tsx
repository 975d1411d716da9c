import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import { length } from './format.ts';
import type { Language } from './words.ts';

interface ChartProps {
  readonly title: string;
  readonly language: Language;
  readonly atMs: readonly number[];
  readonly endMs: number;
  readonly lines: readonly { readonly label: string; readonly values: readonly (number | null)[] }[];
  readonly limits: readonly { readonly value: number; readonly label: string }[];
  readonly gaps: readonly { readonly fromMs: number; readonly toMs: number }[];
  readonly bars?: boolean;
}

const HEIGHT = 170;
const HATCH_PX = 6;
const STROKES = ['--line', '--line-2'];

/** One chart: values as they were counted, limits as dashed lines, time without data hatched and never drawn through. */
export function Chart(props: ChartProps) {
  const holder = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const latest = useRef(props);
  latest.current = props;
  useEffect(() => {
    const element = holder.current;
    if (element === null) return;
    const draw = (): void => {
      plot.current?.destroy();
      plot.current = new uPlot(optionsOf(latest, element.clientWidth), dataOf(latest.current), element);
    };
    draw();
    const resized = new ResizeObserver(() =>
      plot.current?.setSize({ width: element.clientWidth, height: HEIGHT }),
    );
    resized.observe(element);
    const scheme = matchMedia('(prefers-color-scheme: dark)');
    scheme.addEventListener('change', draw);
    return () => {
      resized.disconnect();
      scheme.removeEventListener('change', draw);
      plot.current?.destroy();
    };
  }, [props.language]);
  useEffect(
    () => plot.current?.setData(dataOf(props)),
    [props.atMs, props.lines[0]?.values, props.gaps.length],
  );
  return (
    <figure class="chart">
      <figcaption>{props.title}</figcaption>
      <div ref={holder} role="img" aria-label={`${props.title}. ${summary(props)}`} />
    </figure>
  );
}

function dataOf({ atMs, lines }: ChartProps): uPlot.AlignedData {
  return [[...atMs], ...lines.map(({ values }) => [...values])] as uPlot.AlignedData;
}

/** The chart in words, for who cannot see it. */
function summary({ lines, limits, gaps }: ChartProps): string {
  const parts = lines.map(({ label, values }) => {
    const known = values.filter((value): value is number => value !== null);
    return known.length === 0
      ? `${label}: –`
      : `${label}: ${known.at(-1)?.toFixed(1)}, max ${Math.max(...known).toFixed(1)}`;
  });
  return [...parts, ...limits.map(({ label }) => label), gaps.length === 0 ? '' : `gaps: ${gaps.length}`]
    .filter((part) => part !== '')
    .join('; ');
}

function optionsOf(latest: { readonly current: ChartProps }, width: number): uPlot.Options {
  const { lines, limits, language, endMs, bars } = latest.current;
  const style = getComputedStyle(document.documentElement);
  const colour = (name: string): string => style.getPropertyValue(name).trim();
  const top = Math.max(1, ...limits.map(({ value }) => value));
  const axis = {
    stroke: colour('--text'),
    grid: { stroke: colour('--rule'), width: 1 },
    ticks: { stroke: colour('--rule') },
  };
  return {
    width,
    height: HEIGHT,
    legend: { show: false },
    cursor: { show: false },
    scales: {
      x: { time: false, range: (_plot, _min, max) => [0, Math.max(endMs, max ?? 0)] },
      y: { range: (_plot, _min, max) => [0, Math.max(bars === true ? 1 : top, max ?? 0) * 1.1] },
    },
    axes: [
      { ...axis, values: (_plot, at) => at.map((ms) => length(ms, language)) },
      { ...axis, size: 56 },
    ],
    series: [
      {},
      ...lines.map(({ label }, index) => ({
        label,
        stroke: colour(STROKES[index] ?? '--line'),
        width: 1.5,
        dash: index === 0 ? [] : [6, 3],
        spanGaps: false,
        // A bin without a sample is no gap by itself: a slow answer falls into the next one. The watch says what is a gap.
        gaps: (plot: uPlot) =>
          latest.current.gaps.map(({ fromMs, toMs }): [number, number] => [
            plot.valToPos(fromMs, 'x', true),
            plot.valToPos(toMs, 'x', true),
          ]),
        points: { show: bars !== true, size: 4 },
        ...(bars === true && uPlot.paths.bars !== undefined
          ? { paths: uPlot.paths.bars({ size: [0.8] }), fill: colour('--line') }
          : {}),
      })),
    ],
    hooks: {
      drawClear: [(plot) => hatch(plot, latest.current, colour('--text'))],
      draw: [(plot) => drawLimits(plot, latest.current, colour('--bad'), colour('--text'))],
    },
  };
}

function hatch(plot: uPlot, { gaps }: ChartProps, stroke: string): void {
  const { ctx, bbox } = plot;
  for (const { fromMs, toMs } of gaps) {
    const left = plot.valToPos(fromMs, 'x', true);
    const right = Math.max(left + 2, plot.valToPos(toMs, 'x', true));
    ctx.save();
    ctx.beginPath();
    ctx.rect(left, bbox.top, right - left, bbox.height);
    ctx.clip();
    ctx.beginPath();
    for (let x = left - bbox.height; x < right; x += HATCH_PX * devicePixelRatio) {
      ctx.moveTo(x, bbox.top + bbox.height);
      ctx.lineTo(x + bbox.height, bbox.top);
    }
    ctx.globalAlpha = 0.4;
    ctx.strokeStyle = stroke;
    ctx.stroke();
    ctx.restore();
  }
}

function drawLimits(plot: uPlot, { limits }: ChartProps, stroke: string, text: string): void {
  const { ctx, bbox } = plot;
  for (const { value, label } of limits) {
    const y = plot.valToPos(value, 'y', true);
    ctx.save();
    ctx.setLineDash([8, 4]);
    ctx.strokeStyle = stroke;
    ctx.lineWidth = 1.5 * devicePixelRatio;
    ctx.beginPath();
    ctx.moveTo(bbox.left, y);
    ctx.lineTo(bbox.left + bbox.width, y);
    ctx.stroke();
    ctx.fillStyle = text;
    ctx.textAlign = 'right';
    ctx.font = `${11 * devicePixelRatio}px system-ui, sans-serif`;
    ctx.fillText(label, bbox.left + bbox.width - 4, y - 4);
    ctx.restore();
  }
}
