/**
 * Gives the recovery cluster the record of a finished backup. Velero there
 * would find it by itself, one or two minutes later: too late for a failover,
 * and the copy needs nothing but the record.
 */
import type { KubeObject } from '../../../api/object.ts';
import type { Cluster } from '../../../kube/cluster.ts';
import { KubeError } from '../../../kube/errors.ts';
import type { Log } from '../../../kube/log.ts';
import { createUnlessThere } from '../../create-unless-there.ts';
import { copyOf } from './backup-request.ts';

/** Not having it there delays nobody but a user of the `velero` command, so a failure is only logged. */
export async function giveCopy(
  backup: KubeObject,
  recovery: Cluster,
  { log }: { readonly log: Log },
  signal: AbortSignal,
): Promise<void> {
  try {
    await createUnlessThere(copyOf(backup), recovery, signal);
  } catch (error) {
    if (!(error instanceof KubeError) || signal.aborted) throw error;
    log.warn(
      { cluster: recovery.name, backup: backup.metadata.name, problem: error.message },
      'the record of a backup could not be copied; Velero there will find it by itself',
    );
  }
}
