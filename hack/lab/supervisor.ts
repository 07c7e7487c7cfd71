/**
 * The process behind `npm run lab -- up`: owns a lab until it is told to stop,
 * by signal or through the lab's socket. What it prints is the progress that
 * whoever started it shows. Arguments: the lab's name, and the log file that
 * receives the progress; after an orderly end nobody needs that any more.
 */
import { rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { removeWhenEmpty } from './directories.ts';
import { LabError } from './errors.ts';
import { DEFAULT_LAB, startLab } from './lab.ts';

const [name = DEFAULT_LAB, log] = process.argv.slice(2);
process.on('exit', (code) => {
  if (code !== 0 || log === undefined) return;
  rmSync(log, { force: true });
  removeWhenEmpty(dirname(log));
});
const ending = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
  process.on(signal, () => ending.abort(new LabError('Stopping', `stopped by ${signal}`)));
}
try {
  const lab = await startLab({
    name,
    progress: (line) => console.log(line),
    signal: ending.signal,
  });
  const stop = () => void lab.stop();
  // Without an answer to the signal the servers would keep this process alive.
  if (ending.signal.aborted) stop();
  else ending.signal.addEventListener('abort', stop, { once: true });
} catch (error) {
  if (!(error instanceof LabError)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
