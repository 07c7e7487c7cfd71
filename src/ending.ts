/**
 * How the process ends when it does not by itself, because something that is in
 * hand never ends. A thread that waits for a volume which does not answer is the
 * worst of it: `process.exit` waits for it too, and as process 1 of a container
 * Node cannot kill itself by a signal either. `process.abort` is what is left;
 * its traces on stderr say nothing of what went wrong.
 */
import type { Log } from './kube/log.ts';

/** For what may well end by itself: a staged file to remove, connections to close. */
export const LAST_MOMENTS_MILLIS = 5000;

/** What is needed of Node's process. */
export type Ending = Pick<NodeJS.Process, 'getActiveResourcesInfo' | 'exit' | 'abort'>;

/** Operations on files that are under way, by the names Node gives them. */
const FILES = /^(FSReq|FileHandle)/;

/** Cuts off what has not ended by itself, with `code` if that is possible. */
export function endNow(code: number, process: Ending, log: Pick<Log, 'error'>): void {
  const left = process.getActiveResourcesInfo();
  log.error({ left }, 'ending although not everything has ended');
  if (left.some((name) => FILES.test(name))) process.abort();
  process.exit(code);
}
