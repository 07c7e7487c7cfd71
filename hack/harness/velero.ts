/**
 * Velero as its users run it, in both regions and on the lab's S3 server:
 * the source makes backups, the recovery side restores them.
 */
import type { Lab } from '../lab/types.ts';
import { addOnPrograms } from './add-on.ts';
import { ensureS3, type LabS3, type S3Options } from './s3.ts';
import {
  ensureVeleroServer,
  type LabVeleroServer,
  type VeleroPrograms,
  type VeleroServerOptions,
} from './velero-server.ts';

/** With `tls` the servers use the S3 server that has it, and trust its authority. */
export interface VeleroOptions extends VeleroServerOptions, S3Options {}

export interface LabVelero {
  readonly s3: LabS3;
  /** Makes backups; restores nothing. */
  readonly source: LabVeleroServer;
  /** Restores; makes, deletes and collects nothing. */
  readonly recovery: LabVeleroServer;
}

/**
 * Both servers, ready, with the storage location `default` Available: started now, or by an earlier call of
 * any process. A call with other options restarts them for these. Both clusters must be up.
 * @throws LabError, or Error with a server's log
 */
export async function ensureVelero(lab: Lab, options: VeleroOptions): Promise<LabVelero> {
  const programs = await veleroPrograms(options);
  const s3 = await ensureS3(lab, options);
  await s3.makeBucket(options.bucket);
  const plan = { programs, s3, options };
  const [source, recovery] = await Promise.all([
    ensureVeleroServer(lab, 'source', plan),
    ensureVeleroServer(lab, 'recovery', plan),
  ]);
  return { s3, source, recovery };
}

async function veleroPrograms({ progress }: VeleroOptions): Promise<VeleroPrograms> {
  const path = await addOnPrograms(['velero', 'velero-plugin-for-aws'], progress);
  return { velero: path('velero'), awsPlugin: path('velero-plugin-for-aws') };
}
