/**
 * The process behind `npm run lab -- up`: owns a lab until it is told to stop,
 * by signal or through the lab's socket. What it prints is the progress that
 * whoever started it shows. Its only argument is the lab's name.
 */
import { LabError } from './errors.ts';
import { DEFAULT_LAB, startLab } from './lab.ts';

const ending = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
  process.on(signal, () => ending.abort(new LabError('Stopping', `stopped by ${signal}`)));
}
try {
  const lab = await startLab({
    name: process.argv[2] ?? DEFAULT_LAB,
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
