/** The mover of a ReplicationSource: the Job whose Pod sends the data, and what keeps it from that. */
import { arrayAt, numberAt, textAt } from '../../../api/fields.ts';
import type { KubeObject } from '../../../api/object.ts';
import type { Cluster } from '../../../kube/cluster.ts';
import { listOf } from '../kinds.ts';

const JOB = { group: 'batch', kind: 'Job' } as const;
const POD = { group: '', kind: 'Pod' } as const;

/** @throws KubeError */
export async function moverRuns(origin: KubeObject, source: Cluster, signal: AbortSignal): Promise<boolean> {
  const jobs = await jobsOf(origin, source, signal);
  return jobs.some((job) => (numberAt(job, 'status', 'ready') ?? 0) > 0);
}

/** Why none runs, as a clause that says where to look. @throws KubeError */
export async function whyNoMover(origin: KubeObject, source: Cluster, signal: AbortSignal): Promise<string> {
  const { namespace = '' } = origin.metadata;
  for (const { metadata } of await jobsOf(origin, source, signal)) {
    const labelSelector = `batch.kubernetes.io/job-name=${metadata.name}`;
    const [pod] = await listOf(source, POD, { namespace, labelSelector }, signal);
    if (pod !== undefined) return describePod(pod);
  }
  return 'it has no Pod, see its Events, and the VolumeSnapshot and the PersistentVolumeClaim that VolSync makes for it';
}

async function jobsOf(
  { metadata: { namespace = '', uid } }: KubeObject,
  source: Cluster,
  signal: AbortSignal,
): Promise<readonly KubeObject[]> {
  const jobs = await listOf(source, JOB, { namespace }, signal);
  return jobs.filter(({ metadata: { ownerReferences = [] } }) =>
    ownerReferences.some((owner) => owner.uid === uid),
  );
}

function describePod(pod: KubeObject): string {
  const [scheduled] = arrayAt(pod, 'status', 'conditions').filter(
    (condition) => textAt(condition, 'type') === 'PodScheduled' && textAt(condition, 'status') === 'False',
  );
  const [container] = arrayAt(pod, 'status', 'containerStatuses');
  const why =
    textAt(scheduled, 'message') ??
    textAt(container, 'state', 'waiting', 'message') ??
    textAt(container, 'state', 'waiting', 'reason') ??
    'see its Events';
  return `its Pod ${pod.metadata.name} is ${textAt(pod, 'status', 'phase') ?? 'not started'}: ${why}`;
}
