/** The manifest of a point as it follows from what was collected and how it depends on each other. Pure but for the end it is dated with. */
import { refKey } from '../../../api/object.ts';
import type { DRScenarioSpec } from '../../../api/v1alpha1/dr-scenario.ts';
import { shownBy } from '../../../domain/graph/readiness/signs.ts';
import { compareText } from '../../../domain/graph/sorting.ts';
import type { Graph, Inclusion, LeftOut } from '../../../domain/graph/types.ts';
import type { PointManifest, PointObject } from '../../../domain/protection/point.ts';
import { type Clock, type Instant, toRfc3339 } from '../../../domain/time.ts';
import type { ScenarioIdentity } from '../../engine.ts';
import type { VolumeData } from '../../volumes/choose/choose.ts';
import { objectDigest } from '../objects/digest.ts';
import type { Draft } from '../points/publish.ts';
import { withoutManagers } from '../source/sight.ts';
import type { Found } from '../source/source.ts';
import type { Collection, Evidence } from './collect.ts';

export interface DraftParts {
  readonly name: string;
  readonly scenario: ScenarioIdentity;
  readonly spec: DRScenarioSpec;
  readonly collection: Collection;
  readonly evidence: Evidence;
  readonly graph: Graph;
  readonly warnings: readonly string[];
  readonly capturedAt: Instant;
  readonly clock: Clock;
  /** Default: nothing is known of volumes, and no claim has its data in the point. */
  readonly data?: VolumeData;
}

/** Objects that nobody chose may be all of a namespace but one: more than these are only counted. */
const NOT_CHOSEN_NAMED = 1_000;

/** The manifest of what was collected, but for its archive. */
export function draftOf({
  name,
  scenario,
  spec,
  collection,
  evidence,
  graph,
  warnings,
  capturedAt,
  clock,
  data,
}: DraftParts): Draft {
  const { included, missingNamespaces, resourceVersions } = collection;
  const { why, dangling } = evidence;
  const keys = [...included.keys()];
  return {
    formatVersion: 1,
    name,
    scenario: { namespace: scenario.namespace, name: scenario.name, uid: scenario.uid },
    sourceRegion: spec.source.region,
    recoveryRegion: spec.recovery.region,
    capturedAt: toRfc3339(capturedAt),
    finishedAt: toRfc3339(clock.now()),
    resourceVersions: Object.fromEntries(
      Object.entries(resourceVersions).toSorted(([a], [b]) => compareText(a, b)),
    ),
    objects: [...included].map(([key, found]) => pointObject(key, found, why.get(key))),
    ...leftOutOf(collection),
    ...(missingNamespaces.length === 0 ? {} : { missingNamespaces: [...missingNamespaces] }),
    ...(dangling.length === 0 ? {} : { dangling: dangling.map(danglingEdge) }),
    ...orderOf(graph),
    ...(warnings.length === 0 ? {} : { warnings: [...warnings] }),
    ...(data === undefined || data.volumes.length === 0 ? {} : { volumes: [...data.volumes] }),
    volumesWithoutData: [
      ...(data?.withoutData ?? keys.filter((key) => key.startsWith('PersistentVolumeClaim/'))),
    ],
  };
}

function leftOutOf({ leftOut, notChosen }: Collection): Pick<Draft, 'leftOut' | 'notChosen'> {
  const named = notChosen.slice(0, NOT_CHOSEN_NAMED).map((key): LeftOut => ({ key, reason: 'NotChosen' }));
  return {
    leftOut: [...leftOut, ...named].map(({ key, reason }) => ({ key, reason })),
    ...(notChosen.length === 0 ? {} : { notChosen: notChosen.length }),
  };
}

function pointObject(key: string, { object }: Found, why: Inclusion | undefined): PointObject {
  const shown = shownBy(object);
  return {
    key,
    apiVersion: object.apiVersion,
    digest: objectDigest(object),
    resourceVersion: object.metadata.resourceVersion ?? '',
    bytes: Buffer.byteLength(JSON.stringify(withoutManagers(object))),
    ...(why?.kind === 'supports' ? { why: { by: why.by, rule: why.rule, field: why.field } } : {}),
    ...(shown.length === 0 ? {} : { shown: [...shown] }),
  };
}

function danglingEdge({ optional: _optional, to, ...evidence }: Evidence['dangling'][number]) {
  return { ...evidence, to: refKey(to) };
}

export function orderOf(graph: Graph): Pick<PointManifest, 'units' | 'edges' | 'longestPath'> {
  return {
    units: graph.units.map(({ id, objects }) => ({ id, objects: [...objects] })),
    edges: graph.edges.map(({ from, to, because }) => ({
      from,
      to,
      because: because.map((edge) => ({ ...edge })),
    })),
    longestPath: [...graph.longestPath],
  };
}
