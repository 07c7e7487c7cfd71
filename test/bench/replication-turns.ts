/** What rounds of a measurement are made of: turns, times, and work that Velero is asked for. */
import { textAt } from '../../src/api/fields.ts';
import type { KubeObject } from '../../src/api/object.ts';
import { systemClock } from '../../src/clock.ts';
import { millis } from '../../src/domain/time.ts';
import { createUnlessThere } from '../../src/engines/create-unless-there.ts';
import type { Cluster } from '../../src/kube/cluster.ts';
import type { World } from './replication-world.ts';

const signal = new AbortController().signal;
/** How late the end of something may be noticed. */
export const LOOK_EVERY = millis(50);
const VELERO_API = 'velero.io/v1';

/** Both, one after the other; what the second one answers. */
export async function inTurn<T>(
  firstFirst: boolean,
  first: () => Promise<void>,
  second: () => Promise<T>,
): Promise<T> {
  if (firstFirst) await first();
  const answer = await second();
  if (!firstFirst) await first();
  return answer;
}

export async function timed<T>(work: () => Promise<T>): Promise<readonly [answer: T, seconds: number]> {
  const begun = performance.now();
  const answer = await work();
  return [answer, (performance.now() - begun) / 1000];
}

/** Seconds until it is Completed and uploaded; then it is handed to the recovery region, which is not timed. */
export async function backUp(
  { source, recovery, velero }: World,
  name: string,
  spec: KubeObject['spec'],
): Promise<number> {
  const metadata = { name, namespace: velero.source.namespace };
  const wanted = { apiVersion: VELERO_API, kind: 'Backup', metadata, spec };
  const [backup, seconds] = await timed(() => completed(source, wanted));
  const { labels = {}, annotations = {} } = backup.metadata;
  await createUnlessThere({ ...backup, metadata: { ...metadata, labels, annotations } }, recovery, signal);
  return seconds;
}

/** Until Velero has restored a namespace of a backup into another one. @throws Error when it ends in any other way */
export async function restoreByVelero(
  { recovery, velero }: World,
  backupName: string,
  namespace: { readonly from: string; readonly to: string },
): Promise<void> {
  await completed(recovery, {
    apiVersion: VELERO_API,
    kind: 'Restore',
    metadata: { name: backupName, namespace: velero.recovery.namespace },
    spec: {
      backupName,
      includedNamespaces: [namespace.from],
      namespaceMapping: { [namespace.from]: namespace.to },
    },
  });
}

/** Asks Velero for it. @returns as it was when it was done. @throws Error when it ends in any other way */
async function completed(cluster: Cluster, wanted: KubeObject): Promise<KubeObject> {
  const { metadata } = await cluster.create(wanted, signal);
  const type = await cluster.typeFor(wanted, signal);
  if (type === undefined) throw new Error(`${wanted.kind} is not served`);
  const key = { name: metadata.name, namespace: metadata.namespace ?? '' };
  for (;;) {
    const found = await cluster.get(type, key, signal);
    const phase = textAt(found, 'status', 'phase') ?? '';
    if (found !== undefined && phase === 'Completed') return found;
    if (/Fail/.test(phase)) throw new Error(`Velero's ${wanted.kind} ${key.name} ended as ${phase}`);
    await systemClock.sleep(LOOK_EVERY, signal);
  }
}
