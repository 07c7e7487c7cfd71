/** `npx tsx hack/lab/build-binaries.ts`: builds every program of the lab and its add-ons that is not there yet, with progress. */
import { BINARY_NAMES } from './binaries.ts';
import { cacheDirectory } from './build/build-module.ts';
import { provideBinaries } from './build/ensure.ts';
import { LabError } from './errors.ts';

const started = performance.now();
console.log(`Programs of the lab, cached in ${cacheDirectory(process.env)}.`);
console.log('The first build takes about 30 minutes on two cores; later ones a second.');
try {
  await provideBinaries(
    {
      environment: process.env,
      progress: (line) => console.log(line),
      verbose: true,
      monotonic: () => performance.now(),
    },
    BINARY_NAMES,
  ).all();
  console.log(`Complete after ${((performance.now() - started) / 1000).toFixed(0)} s.`);
} catch (error) {
  if (!(error instanceof LabError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
