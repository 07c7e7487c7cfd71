/** What the recovery region has for volumes: CSI drivers, storage classes, and whether it takes snapshots. */
import { textAt } from '../../../api/fields.ts';
import { type KubeObject, objectKey } from '../../../api/object.ts';
import type { DRScenarioSpec } from '../../../api/v1alpha1/dr-scenario.ts';
import { storageClassOf } from '../../../domain/graph/storage-class.ts';
import { standardClass } from '../../../domain/volumes/sample-place.ts';
import type { ClaimFacts } from '../../../domain/volumes/strategy.ts';
import type { Cluster } from '../../../kube/cluster.ts';
import { compiledTransforms, transformForRecovery } from '../../transformed-point.ts';
import { CSI_DRIVER, listOf, SNAPSHOT, STORAGE_CLASS, typeOf } from '../kinds.ts';
import { unlessAway } from '../prove/reached.ts';

interface There {
  readonly drivers: ReadonlySet<string>;
  /** Drivers of classes by name; `''` is the default class. */
  readonly classes: ReadonlyMap<string, string>;
  readonly problem: string | undefined;
}

const NOTHING_KNOWN: There = { drivers: new Set(), classes: new Map(), problem: undefined };

/** Of a region that does not answer, or is not known, nothing is known. @throws KubeError when it refuses to be read */
export async function lookAcross(recovery: Cluster | undefined, signal: AbortSignal) {
  const nothing = { recovery: undefined, there: NOTHING_KNOWN };
  if (recovery === undefined) return nothing;
  const look = async () => ({ recovery, there: await recoveryFacts(recovery, signal) });
  return unlessAway(recovery.name, look, () => nothing);
}

async function recoveryFacts(recovery: Cluster, signal: AbortSignal): Promise<There> {
  const [drivers, classes, isServed] = await Promise.all([
    listOf(recovery, CSI_DRIVER, {}, signal),
    listOf(recovery, STORAGE_CLASS, {}, signal),
    isServedNow(recovery, signal),
  ]);
  const provisioners = classes.map((each) => [each, textAt(each, 'provisioner') ?? ''] as const);
  const byName = provisioners.map(([{ metadata }, driver]) => [metadata.name, driver] as const);
  const standard = standardClass(classes);
  return {
    drivers: new Set([
      ...drivers.map(({ metadata }) => metadata.name),
      ...byName.map(([, driver]) => driver),
    ]),
    classes: new Map([
      ...byName,
      ...(standard === undefined ? [] : [['', textAt(standard, 'provisioner') ?? ''] as const]),
    ]),
    problem: isServed
      ? undefined
      : `${recovery.name} does not serve VolumeSnapshots: install its snapshot controller`,
  };
}

/** What is not served may have been installed since the cluster was last looked at. */
async function isServedNow(cluster: Cluster, signal: AbortSignal): Promise<boolean> {
  if ((await typeOf(cluster, SNAPSHOT, signal)) !== undefined) return true;
  await cluster.discover(signal, { refresh: true });
  return (await typeOf(cluster, SNAPSHOT, signal)) !== undefined;
}

/** The class its volume would have in the recovery region; undefined when that does not have it yet, and gets it with the point. */
export function recoveryClass(
  claim: KubeObject,
  spec: DRScenarioSpec,
  { classes }: There,
): ClaimFacts['recoveryClass'] {
  const compiled = compiledTransforms(spec.replication.transforms);
  const outcome = transformForRecovery([claim], compiled).outcomes.get(objectKey(claim));
  const wanted = outcome?.kind === 'transformed' ? outcome.object : claim;
  const name = storageClassOf(wanted)?.name ?? '';
  const driver = classes.get(name);
  return driver === undefined ? undefined : { name: name === '' ? '(default)' : name, driver };
}
