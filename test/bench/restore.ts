/**
 * `node --import tsx test/bench/restore.ts [objects] [rounds]`: objects per
 * second of an engine's restore and of a whole execution, beside a bare client.
 */
import { startLab } from '../../hack/lab/lab.ts';
import { restoreRates } from './restore-rates.ts';

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

const [count = 2000, rounds = 3] = process.argv.slice(2).map(Number);
const lab = await startLab({ progress: (line) => console.log(line) });
try {
  const rates = await restoreRates(lab, count, rounds, (line) => console.log(line));
  const bareApply = median(rates.get('bare apply') ?? []);
  console.log(`\n${count} objects, median of ${rounds} rounds`);
  for (const [way, values] of rates) {
    const rate = median(values);
    console.log(
      `${way.padEnd(12)}${rate.toFixed(0).padStart(6)} objects/s ${((rate / bareApply) * 100).toFixed(0).padStart(5)} % of bare apply`,
    );
  }
} finally {
  await lab.stop();
}
