/**
 * Names one running process for good. A pid alone is reused; with the moment
 * the process started it is not. Locks and state files left by a killed run
 * are recognised by it.
 */
import { readFileSync } from 'node:fs';
import { z } from 'zod';

export const processIdentitySchema = z.object({
  pid: z.number().int().positive(),
  /** Start time in clock ticks since boot (Linux); empty where the system does not tell. */
  started: z.string(),
});
export type ProcessIdentity = z.infer<typeof processIdentitySchema>;

export function thisProcess(): ProcessIdentity {
  return { pid: process.pid, started: parseStat(readStat(process.pid)).started };
}

/** A zombie, which only waits for its parent to take notice, is dead: it holds nothing any more. */
export function isAlive(identity: ProcessIdentity): boolean {
  try {
    process.kill(identity.pid, 0);
  } catch (error) {
    // EPERM: it is there, but somebody else's.
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) return false;
  }
  if (identity.started === '') return true;
  const stat = parseStat(readStat(identity.pid));
  return stat.started === identity.started && stat.state !== 'Z';
}

/** State and start time (fields 3 and 22 of /proc/PID/stat), counted after the command name, which may hold spaces. */
export function parseStat(stat: string): { readonly state: string; readonly started: string } {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return { state: fields[0] ?? '', started: fields[19] ?? '' };
}

function readStat(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch {
    return ''; // no /proc on this system, or the process has just ended
  }
}
