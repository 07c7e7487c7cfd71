/**
 * The chart of a measurement of replication, as SVG text: a bar for each way,
 * grouped by size, on a logarithmic axis because the ways differ by orders of
 * magnitude. It brings its own background, so it is readable on any page, and
 * follows a reader who prefers dark.
 */
import { type Findings, isCapture, median, type Timing, WAYS, type Way } from './replication-report.ts';

const WIDTH = 760;
const BARS = { from: 200, to: 660 };
const ROW = 24;
const HEADING = 34;
const GAP = 10;
const TOP = 64;
const BOTTOM = 30;

const STYLE = `
  svg { --page: #ffffff; --ink: #1f2328; --faint: #d1d9e0; --velero: #b7791f; --native: #1f6feb; --bare: #6e7781; }
  @media (prefers-color-scheme: dark) {
    svg { --page: #0d1117; --ink: #e6edf3; --faint: #3d444d; --velero: #d29922; --native: #58a6ff; --bare: #9198a1; }
  }
  text { font: 13px system-ui, sans-serif; fill: var(--ink); }
  .title { font-size: 16px; font-weight: 600; }
  .size { font-weight: 600; }
  .tick { font-size: 11px; }
  .page { fill: var(--page); }
  .grid { stroke: var(--faint); }
  .velero { fill: var(--velero); } .native { fill: var(--native); } .bare { fill: var(--bare); }`;

/** @throws Error when nothing was timed */
export function chart({ timings, machine }: Findings): string {
  const middles = timings.map(({ seconds }) => median(seconds));
  if (middles.length === 0) throw new Error('a chart needs at least one timing');
  const scale = logarithmic(Math.min(...middles), Math.max(...middles));
  const sizes = [...new Set(timings.map(({ objects }) => objects))];
  let y = TOP;
  const groups = sizes.map((objects) => {
    const group = groupOf(
      objects,
      timings.filter((timing) => timing.objects === objects),
      scale,
      y,
    );
    y = group.end;
    return group.svg;
  });
  const height = y + BOTTOM;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="Time to copy and to restore, Velero and Antipode">`,
    `<style>${STYLE}</style>`,
    `<rect class="page" width="${WIDTH}" height="${height}" rx="8"/>`,
    `<text class="title" x="16" y="28">Time to copy and to restore: Velero and Antipode</text>`,
    `<text class="tick" x="16" y="48">Median seconds, logarithmic. ${machine.cores} cores, all clusters on one machine.</text>`,
    ...scale.ticks.map((tick) => gridLine(tick, scale.x(tick), y)),
    ...groups,
    '</svg>\n',
  ].join('\n');
}

interface Scale {
  x(seconds: number): number;
  /** Powers of ten. */
  readonly ticks: readonly number[];
}

function logarithmic(least: number, most: number): Scale {
  const first = Math.floor(Math.log10(least));
  // At least one decade, or a single value has no length.
  const last = Math.max(Math.ceil(Math.log10(most)), first + 1);
  const perDecade = (BARS.to - BARS.from) / (last - first);
  return {
    x: (seconds) => BARS.from + (Math.log10(seconds) - first) * perDecade,
    ticks: Array.from({ length: last - first + 1 }, (_, index) => 10 ** (first + index)),
  };
}

function groupOf(objects: number, timings: readonly Timing[], scale: Scale, top: number) {
  const lines = [`<text class="size" x="16" y="${top + 20}">${objects.toLocaleString('en')} objects</text>`];
  let y = top + HEADING;
  let before: Way | undefined;
  for (const way of WAYS) {
    const timing = timings.find((one) => one.way === way);
    if (timing === undefined) continue;
    if (before !== undefined && isCapture(before) && !isCapture(way)) y += GAP;
    lines.push(bar(way, median(timing.seconds), scale, y));
    y += ROW;
    before = way;
  }
  return { svg: lines.join('\n'), end: y + GAP };
}

function bar(way: Way, seconds: number, scale: Scale, y: number): string {
  const end = scale.x(seconds);
  const kind = way.startsWith('Velero') ? 'velero' : way.startsWith('native') ? 'native' : 'bare';
  return [
    `<text x="${BARS.from - 8}" y="${y + 13}" text-anchor="end">${way}</text>`,
    `<rect class="${kind}" x="${BARS.from}" y="${y}" width="${Math.max(end - BARS.from, 1).toFixed(1)}" height="${ROW - 7}" rx="2"/>`,
    `<text x="${(end + 6).toFixed(1)}" y="${y + 13}">${shown(seconds)}</text>`,
  ].join('\n');
}

function gridLine(tick: number, x: number, bottom: number): string {
  const at = x.toFixed(1);
  return [
    `<line class="grid" x1="${at}" x2="${at}" y1="${TOP + HEADING - 8}" y2="${bottom}"/>`,
    `<text class="tick" x="${at}" y="${bottom + 16}" text-anchor="middle">${Number(tick.toPrecision(1))} s</text>`,
  ].join('\n');
}

const shown = (seconds: number): string =>
  seconds < 1 ? `${(seconds * 1000).toFixed(0)} ms` : `${seconds.toFixed(1)} s`;
