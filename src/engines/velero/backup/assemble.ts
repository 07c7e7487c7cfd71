/**
 * Makes the manifest of a point from a Velero backup: what of the archive
 * belongs to the scenario, in which order it goes back, and how the data of its
 * claims is kept. The archive itself stays as Velero wrote it, with whatever
 * else is in it.
 */
import { textAt } from '../../../api/fields.ts';
import type { KubeObject } from '../../../api/object.ts';
import type { DRScenarioSpec } from '../../../api/v1alpha1/dr-scenario.ts';
import { buildGraph } from '../../../domain/graph/order.ts';
import type { LeftOut } from '../../../domain/graph/types.ts';
import type { PointManifest, PointObject } from '../../../domain/protection/point.ts';
import type { Clock, Instant } from '../../../domain/time.ts';
import type { CaptureResult, ScenarioIdentity } from '../../engine.ts';
import { type Collection, collectFrom, evidenceOf } from '../../native/capture/collect.ts';
import { draftOf } from '../../native/capture/draft.ts';
import { objectDigest, sha256 } from '../../native/objects/digest.ts';
import { readArchive } from '../../native/points/archive.ts';
import { volumesOf } from '../results/volume-info.ts';
import { archiveSight } from './archive-sight.ts';
import { wantsData } from './backup-request.ts';

export interface BackupContents {
  readonly name: string;
  /** The tar.gz as Velero wrote it. */
  readonly archive: Uint8Array;
  /** What `<backup>-volumeinfo.json.gz` holds. */
  readonly volumeInfo: unknown;
  /**
   * The source as it was when the backup was asked for, which knows more than
   * an archive of chosen kinds: the kinds it serves, and the owners that tell
   * what to leave out. Undefined when nobody looked.
   */
  readonly live: Pick<Collection, 'included' | 'leftOut' | 'notChosen' | 'kinds'> | undefined;
  /** Of the source, and of what was done around the backup. */
  readonly warnings?: readonly string[];
  /** Uid of the objective cluster, when known. */
  readonly objective?: string | undefined;
  /** Nothing older than this is missing. */
  readonly capturedAt: Instant;
}

export type Assembled =
  | {
      readonly kind: 'assembled';
      readonly manifest: PointManifest;
      /** refKeys of everything in the archive. */
      readonly archived: ReadonlySet<string>;
    }
  | Extract<CaptureResult, { kind: 'nothing-selected' | 'unorderable' }>;

/** @throws PointDamagedError when the archive cannot be read, InvalidRulesError */
export async function assemble(
  contents: BackupContents,
  scenario: ScenarioIdentity,
  spec: DRScenarioSpec,
  clock: Clock,
  signal: AbortSignal,
): Promise<Assembled> {
  const { name, archive, live, capturedAt, objective } = contents;
  const leftOut = live?.leftOut ?? [];
  const types = live?.kinds.all ?? [];
  const objects = await readArchive(archive);
  const hidden = new Set(leftOut.map(({ key }) => key));
  const found = await collectFrom(spec, archiveSight({ objects, types, hidden }), signal);
  const collection = {
    ...found,
    resourceVersions: {},
    leftOut: union(leftOut, found.leftOut),
    notChosen: live?.notChosen ?? found.notChosen,
  };
  const included = [...collection.included.values()].map(({ object }) => object);
  if (included.every(isNamespace))
    return { kind: 'nothing-selected', missingNamespaces: collection.missingNamespaces };
  const { infer, edges } = spec.dependencies;
  const order = buildGraph(included, edges, infer, collection.leftOut, collection.support.rules);
  if (order.kind !== 'graph') return { kind: 'unorderable', problem: order };
  const draft = draftOf({
    name,
    scenario,
    spec,
    collection,
    evidence: evidenceOf(collection),
    graph: order.graph,
    warnings: [...order.warnings, ...(contents.warnings ?? [])],
    capturedAt,
    clock,
  });
  const isBlock = (key: string): boolean =>
    textAt(collection.included.get(key)?.object, 'spec', 'volumeMode') === 'Block';
  const claims = draft.volumesWithoutData.map((key) => ({ key, isBlock: isBlock(key) }));
  const volumes = volumesOf(claims, contents.volumeInfo, wantsData(spec));
  return {
    kind: 'assembled',
    archived: new Set(objects.keys()),
    manifest: {
      ...draft,
      ...(objective === undefined ? {} : { objective }),
      objects: draft.objects.map((object) =>
        isEdited(object, live) ? { ...object, resourceVersion: '' } : object,
      ),
      ...(volumes.length === 0 ? {} : { volumes: [...volumes] }),
      volumesWithoutData: volumes.filter(({ strategy }) => strategy === 'Exclude').map(({ claim }) => claim),
      archive: { sha256: sha256(archive), bytes: archive.byteLength, objects: objects.size },
    },
  };
}

/**
 * Whether Velero has changed an object on its way into the archive, as it
 * raises the size of a claim to that of its snapshot. Without a version it is
 * not taken for a copy that went wrong.
 */
function isEdited({ key, digest, resourceVersion }: PointObject, live: BackupContents['live']): boolean {
  const before = live?.included.get(key)?.object;
  return before?.metadata.resourceVersion === resourceVersion && objectDigest(before) !== digest;
}

const isNamespace = ({ apiVersion, kind }: KubeObject): boolean =>
  apiVersion === 'v1' && kind === 'Namespace';

function union(first: readonly LeftOut[], second: readonly LeftOut[]): readonly LeftOut[] {
  const keys = new Set(first.map(({ key }) => key));
  return [...first, ...second.filter(({ key }) => !keys.has(key))];
}
