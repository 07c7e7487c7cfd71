/**
 * A restored claim with the data of its point: made from a snapshot object of
 * ours, which stands for the snapshot in the storage. What the claim itself said
 * of where its first data came from is long past, and gives way.
 */
import { type Fields, fieldsAt, textAt } from '../../../api/fields.ts';
import { type KubeObject, parseRefKey } from '../../../api/object.ts';
import { parseQuantity } from '../../../domain/protection/capacity-quantity.ts';
import type { PointManifest, PointVolume } from '../../../domain/protection/point.ts';
import type { Cluster } from '../../../kube/cluster.ts';
import {
  contentName,
  formerContentName,
  type Maker,
  marksOf,
  SNAPSHOT,
  SNAPSHOT_GROUP,
  snapshotName,
} from '../kinds.ts';
import { classesIn, groupOf, type Import } from './import.ts';
import type { Occupied } from './occupied.ts';
import { provideImport, removeFormerImports } from './provide-import.ts';

/** What claims of one point are filled from, in one target. */
export interface ClaimData {
  /** The claim as it is to be created; as it came when the point has no data for it. */
  filled(key: string, claim: KubeObject): KubeObject;
  /** Makes what the claim is filled from; harmless when it is there. @returns what stands in the way. @throws KubeError */
  provide(key: string, signal: AbortSignal): Promise<Occupied | undefined>;
}

/** @param manifest as it reads in the recovery region */
export function claimData(manifest: PointManifest, maker: Maker, target: Cluster): ClaimData {
  const { name: point, volumes = [] } = manifest;
  const byClaim = new Map(volumes.map((volume) => [volume.claim, volume]));
  const swept = once((signal) => removeFormerImports(maker, point, target, signal));
  const classes = once((signal) => classesIn(target, signal));
  return {
    filled: (key, claim) => {
      const volume = byClaim.get(key);
      const source = volume === undefined ? undefined : sourceName(volume, point);
      return volume === undefined || source === undefined ? claim : fill(claim, source, volume);
    },
    provide: async (key, signal) => {
      const volume = byClaim.get(key);
      if (volume?.snapshot === undefined) return undefined;
      await swept(signal);
      const one = restoreImport(volume, manifest, maker, await classes(signal));
      return one && provideImport(one, target, signal);
    },
  };
}

/** Asked by who comes first, for all; when it fails, who asks next asks again. */
function once<T>(ask: (signal: AbortSignal) => Promise<T>): (signal: AbortSignal) => Promise<T> {
  let asked: Promise<T> | undefined;
  return (signal) => {
    if (asked !== undefined) return asked;
    const asking = ask(signal);
    asked = asking;
    asking.catch(() => {
      asked = undefined;
    });
    return asking;
  };
}

/** Name of the VolumeSnapshot that a claim is made from, in its namespace; undefined when the point has no data for it. */
export function sourceName({ claim, snapshot, image }: PointVolume, point: string): string | undefined {
  const name = parseRefKey(claim)?.name;
  if (snapshot !== undefined) return name === undefined ? undefined : snapshotName(point, { name });
  // Of an earlier version, which did not note what the image stands for.
  return image?.split('/')[1];
}

/** @returns undefined when the point has no handle for the claim */
function restoreImport(
  volume: PointVolume,
  { name: point, volumes = [] }: PointManifest,
  maker: Maker,
  classes: ReadonlyMap<string, string>,
): Import | undefined {
  const { claim, snapshot } = volume;
  const { namespace, name } = parseRefKey(claim) ?? {};
  if (snapshot === undefined || namespace === undefined || name === undefined) return undefined;
  const id = { namespace, name };
  return {
    snapshot,
    content: contentName('restore', point, id),
    formerContent: formerContentName(point, id),
    ref: { namespace, name: snapshotName(point, id) },
    marks: marksOf(maker, 'restore', point),
    snapshotClass: classes.get(snapshot.driver),
    group: groupOf(volume, volumes),
  };
}

/** @param source name of a VolumeSnapshot in the claim's namespace */
export function fill(claim: KubeObject, source: string, { snapshot }: PointVolume): KubeObject {
  const from = { apiGroup: SNAPSHOT_GROUP, kind: SNAPSHOT.kind, name: source };
  const spec: Fields = fieldsAt(claim, 'spec') ?? {};
  const storage = largest(textAt(spec, 'resources', 'requests', 'storage'), snapshot?.restoreSize);
  const requests = {
    ...fieldsAt(spec, 'resources', 'requests'),
    ...(storage === undefined ? {} : { storage }),
  };
  return {
    ...claim,
    spec: {
      ...spec,
      resources: { ...fieldsAt(spec, 'resources'), requests },
      dataSource: from,
      // The API server would fill it in; so that what is there is what was wished.
      dataSourceRef: from,
    },
  };
}

/** A volume must not be smaller than the snapshot it is made from, which may be larger than what was asked for once. */
function largest(requested: string | undefined, restoreSize: string | undefined): string | undefined {
  const [wanted, needed] = [requested, restoreSize].map((text) =>
    text === undefined ? undefined : parseQuantity(text),
  );
  if (wanted === undefined || needed === undefined) return requested ?? restoreSize;
  return needed > wanted ? restoreSize : requested;
}
