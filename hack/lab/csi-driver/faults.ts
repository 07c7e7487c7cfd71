/**
 * What the backend does wrong on demand. A file says it and is read at every
 * call, so that a fault begins and ends at once, and survives a restart of the
 * driver. Written by the harness, read by the driver.
 */
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { CSI_CODES, CsiError } from './errors.ts';

/** Calls that can be made to misbehave. */
const callSchema = z.enum([
  'CreateVolume',
  'DeleteVolume',
  'CreateSnapshot',
  'DeleteSnapshot',
  'ListSnapshots',
  'CreateVolumeGroupSnapshot',
  'DeleteVolumeGroupSnapshot',
  'GetVolumeGroupSnapshot',
]);

const faultsSchema = z.object({
  /** The work is done at once, a snapshot is cut at once, but the answer comes this much later. */
  slow: z.object({ calls: z.array(callSchema), milliseconds: z.number().nonnegative() }).optional(),
  /** Nothing is done. */
  error: z
    .object({ calls: z.array(callSchema), code: z.enum(CSI_CODES), message: z.string().min(1) })
    .optional(),
  /** Snapshots are `ready_to_use` this many milliseconds after their cut. */
  readyAfter: z.union([z.number().nonnegative(), z.literal('never')]).optional(),
  /** A snapshot is deleted while a volume is made from it. */
  deleteWhileRestoring: z.boolean().optional(),
});
export type Faults = z.infer<typeof faultsSchema>;

/** No file: no faults. @throws when the file is not as above */
export function readFaults(file: string): Faults {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return {};
    throw error;
  }
  return faultsSchema.parse(JSON.parse(text));
}

/** Replaces all faults at once. */
export function writeFaults(file: string, faults: Faults): void {
  writeFileSync(`${file}.new`, JSON.stringify(faults));
  renameSync(`${file}.new`, file);
}

/** @throws CsiError when the call is to fail */
export function failIfAsked(faults: Faults, call: string): void {
  const { error } = faults;
  if (error?.calls.some((name) => name === call)) throw new CsiError(error.code, error.message);
}

/** Milliseconds by which the answer to a call is held back. */
export function delayOf(faults: Faults, call: string): number {
  return faults.slow?.calls.some((name) => name === call) === true ? faults.slow.milliseconds : 0;
}

/** @param cutAt and @param now milliseconds since 1970 */
export function isReady(faults: Faults, cutAt: number, now: number): boolean {
  if (faults.readyAfter === 'never') return false;
  return now >= cutAt + (faults.readyAfter ?? 0);
}
