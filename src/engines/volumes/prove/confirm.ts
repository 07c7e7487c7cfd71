/** Confirms that the recovery region reads the data of a point: a point whose snapshots only the source knows protects from nothing. */
import { type KubeObject, parseRefKey } from '../../../api/object.ts';
import type { DRScenarioSpec } from '../../../api/v1alpha1/dr-scenario.ts';
import type { PointManifest, PointVolume } from '../../../domain/protection/point.ts';
import type { Clock } from '../../../domain/time.ts';
import { snapshotPatience } from '../../../domain/volumes/snapshot-patience.ts';
import type { Cluster } from '../../../kube/cluster.ts';
import type { Log } from '../../../kube/log.ts';
import { removeChecks } from '../clean/checks.ts';
import { handleOf } from '../cut/snapshots.ts';
import { classesIn, type Import, unreadable } from '../fill/import.ts';
import {
  CONTENT,
  contentName,
  getOne,
  listOf,
  type Maker,
  marksOf,
  pointOf,
  SNAPSHOT,
  selectorOf,
  snapshotName,
} from '../kinds.ts';
import { unlessAway } from './reached.ts';
import { type Sample, type Sampled, sampleClaim, sampleOf } from './sample.ts';
import type { Samples } from './samples.ts';

export interface ConfirmDeps {
  readonly clock: Clock;
  readonly maker: Maker;
  readonly samples: Samples;
  readonly log: Log;
  /** A claim as the source has it now, by refKey. */
  readonly claim: (key: string) => KubeObject | undefined;
}

/** What was found of the data of a point, in sentences that name the claims. */
export interface Confirmation {
  /** The recovery region does not read it, or no volume can be made of it. */
  readonly problems: readonly string[];
  /** What could not be seen, and makes the point no worse. */
  readonly warnings: readonly string[];
}

const refused = (...problems: readonly string[]): Confirmation => ({ problems, warnings: [] });

/**
 * @param recovery undefined while it is known that it cannot be reached
 * @throws KubeError when it refuses to be asked
 */
export async function confirmData(
  manifest: PointManifest,
  spec: DRScenarioSpec,
  recovery: Cluster | undefined,
  deps: ConfirmDeps,
  signal: AbortSignal,
): Promise<Confirmation> {
  const copied = (manifest.volumes ?? []).filter(
    ({ snapshot, image }) => snapshot !== undefined || image !== undefined,
  );
  if (copied.length === 0) return refused();
  const away = (why: string): Confirmation =>
    refused(
      `${spec.recovery.region} cannot be reached${why}, so it is not confirmed that it reads the data of ${copied.length} claims`,
    );
  if (recovery === undefined) return away('');
  const look = () => confirmIn(recovery, copied, manifest, spec, deps, signal);
  return unlessAway(recovery.name, look, (why) => away(` (${why})`));
}

async function confirmIn(
  recovery: Cluster,
  copied: readonly PointVolume[],
  manifest: PointManifest,
  spec: DRScenarioSpec,
  deps: ConfirmDeps,
  signal: AbortSignal,
): Promise<Confirmation> {
  const { name } = manifest;
  const { clock, maker } = deps;
  const [left] = await removeChecks(maker, () => false, recovery, signal);
  if (left !== undefined) throw left;
  const classes = await classesIn(recovery, signal);
  const imports = new Map(copied.flatMap((volume) => importFor(volume, name, maker, classes)));
  const patience = snapshotPatience(spec.replication.volumes);
  const options = { labelSelector: selectorOf(maker, 'check', name), patience, clock };
  const unreadables = await unreadable([...imports.values()], recovery, options, signal);
  const unread = [...imports].flatMap(([claim, { content }]) => {
    const problem = unreadables.get(content);
    return problem === undefined ? [] : [`${claim}: ${recovery.name} does not read its snapshot: ${problem}`];
  });
  const problems = [...unread, ...(await missingImages(copied, name, maker, recovery, signal))];
  if (problems.length > 0) return refused(...problems);
  return sample(
    { manifest, recovery, classes, patience, transforms: spec.replication.transforms },
    deps,
    signal,
  );
}

type Sampling = Pick<Sample, 'manifest' | 'recovery' | 'classes' | 'patience' | 'transforms'>;

/** One that is due is taken; what is told is what stands of all until now. */
async function sample(sampling: Sampling, deps: ConfirmDeps, signal: AbortSignal): Promise<Confirmation> {
  const { samples, maker } = deps;
  const { manifest } = sampling;
  const scenario = `${maker.owner.namespace}/${maker.owner.name}`;
  const turn = samples.due(scenario);
  const volume = sampleOf(manifest, turn ?? 0);
  // Nothing of it is a snapshot: then nothing is said of any.
  if (volume === undefined) return refused();
  const claim = deps.claim(volume.claim);
  if (turn !== undefined && claim !== undefined)
    samples.ended(scenario, await taken({ ...sampling, volume, claim }, deps, signal));
  const standing = samples.standing(scenario);
  if (standing?.kind === 'failed') return refused(standing.message);
  const warnings = standing?.kind === 'unknown' ? [`${UNSEEN}: ${standing.message}`] : [];
  return { problems: [], warnings };
}

const UNSEEN = 'it could not be seen whether a volume can be made of its snapshots';

async function taken(
  sampling: Sampling & Pick<Sample, 'volume' | 'claim'>,
  { maker, clock, log }: ConfirmDeps,
  signal: AbortSignal,
): Promise<Sampled> {
  const { manifest, volume, recovery } = sampling;
  const sampled = await sampleClaim({ ...sampling, maker, clock }, signal);
  const fields = { point: manifest.name, claim: volume.claim, cluster: recovery.name };
  if (sampled.kind === 'filled') log.info(fields, 'a volume was restored to see that it can be, and removed');
  else
    log.warn({ ...fields, problem: sampled.message }, 'a volume could not be restored to see that it can be');
  return sampled;
}

function importFor(
  { claim, snapshot }: PointVolume,
  point: string,
  maker: Maker,
  classes: ReadonlyMap<string, string>,
): readonly (readonly [string, Import])[] {
  const { namespace, name } = parseRefKey(claim) ?? {};
  if (snapshot === undefined || namespace === undefined || name === undefined) return [];
  const id = { namespace, name };
  const one = {
    snapshot,
    content: contentName('check', point, id),
    ref: { namespace, name: snapshotName(point, id) },
    marks: marksOf(maker, 'check', point),
    snapshotClass: classes.get(snapshot.driver),
  };
  return [[claim, one]];
}

/**
 * An image is restored from by its handle, so the content that was kept is enough.
 * Not every driver can be asked whether it has a handle still, hence this look.
 */
async function missingImages(
  copied: readonly PointVolume[],
  point: string,
  maker: Maker,
  recovery: Cluster,
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (copied.every(({ image }) => image === undefined)) return [];
  const contents = await listOf(
    recovery,
    CONTENT,
    { labelSelector: selectorOf(maker, 'point', point) },
    signal,
  );
  const kept = new Set(contents.filter((content) => pointOf(content, maker) === point).map(handleOf));
  const found = await Promise.all(
    copied.map(async ({ claim, image, snapshot }) => {
      if (image === undefined || (snapshot !== undefined && kept.has(snapshot.handle))) return undefined;
      const [namespace = '', name = ''] = image.split('/');
      const object = await getOne(recovery, SNAPSHOT, { namespace, name }, signal);
      return object === undefined
        ? `${claim}: ${recovery.name} has neither VolumeSnapshot ${image} any more nor the content that stood for it`
        : undefined;
    }),
  );
  return found.filter((problem) => problem !== undefined);
}
