/** What people read of a measurement, and whether the goal is met. Pure. */
import type { Measured, Share } from './measure.ts';

/** Of all edges found, in the applications together; recall on certain edges must be whole. */
const PRECISION_GOAL = 0.98;

export interface Report {
  readonly lines: readonly string[];
  readonly isMet: boolean;
}

export function report(measured: readonly Measured[]): Report {
  const total: Measured = {
    name: `all ${measured.length}`,
    objects: measured.reduce((sum, { objects }) => sum + objects, 0),
    certainRecall: sum(measured.map((one) => one.certainRecall)),
    certainPrecision: sum(measured.map((one) => one.certainPrecision)),
    likelyRecall: sum(measured.map((one) => one.likelyRecall)),
    likelyPrecision: sum(measured.map((one) => one.likelyPrecision)),
    findings: measured.flatMap(({ findings }) => findings),
  };
  const precision = sum([total.certainPrecision, total.likelyPrecision]);
  const isPrecise = [total.certainPrecision, precision].every((share) => ratio(share) >= PRECISION_GOAL);
  const isMet = isPrecise && !total.findings.some(({ fatal }) => fatal);
  return {
    isMet,
    lines: [
      row('application', 'objects', 'certain: recall', 'precision', 'likely: recall', 'precision'),
      ...[...measured, total].map(rowOf),
      ...measured.flatMap(({ name, findings }) =>
        findings.map(({ what, edge, why }) => `${name}: ${what}: ${edge} (${why})`),
      ),
      `precision of all edges ${percent(precision)}; goal: recall of certain edges 100%, precision 98%, no trap: ${isMet ? 'met' : 'NOT met'}`,
    ],
  };
}

const rowOf = (one: Measured): string =>
  row(
    one.name,
    String(one.objects),
    percent(one.certainRecall),
    percent(one.certainPrecision),
    percent(one.likelyRecall),
    percent(one.likelyPrecision),
  );

const row = (name: string, ...cells: readonly string[]): string =>
  [name.padEnd(22), ...cells.map((cell) => cell.padStart(18))].join('');

const sum = (shares: readonly Share[]): Share => ({
  right: shares.reduce((total, { right }) => total + right, 0),
  of: shares.reduce((total, { of }) => total + of, 0),
});

const ratio = ({ right, of }: Share): number => (of === 0 ? 1 : right / of);

function percent(share: Share): string {
  return share.of === 0 ? '-' : `${(100 * ratio(share)).toFixed(1)}% ${share.right}/${share.of}`;
}
