/**
 * One round of copying and restoring a load, each way in turn on the same
 * clusters. Every copy is a whole one: the native engine is made anew and has
 * seen nothing before. Every restore goes to a namespace of its own, since what
 * was restored earlier would be in the way.
 */
import { systemClock } from '../../src/clock.ts';
import type { Engine, PublishedPoint } from '../../src/engines/engine.ts';
import { nativeEngine } from '../../src/engines/native/engine.ts';
import { transformedPoint } from '../../src/engines/transformed-point.ts';
import { quiet } from '../e2e/connect.ts';
import { nativeStore, scenarioOf } from './replication-engine.ts';
import type { Way } from './replication-report.ts';
import { backUp, inTurn, restoreByVelero, timed } from './replication-turns.ts';
import type { World } from './replication-world.ts';
import { mixedLoad, restoreUnits } from './restore-load.ts';
import { untilSettled } from './restore-rates.ts';

const signal = new AbortController().signal;

export interface Round {
  readonly world: World;
  /** Of the load in the source. */
  readonly namespace: string;
  readonly objects: number;
  /** Unique on these clusters and this bucket. */
  readonly name: string;
  /** Velero first; else it comes last. Turn by turn, as whoever is first meets other neighbours. */
  readonly veleroFirst: boolean;
}

export interface Measured {
  /** Of each way. */
  readonly seconds: ReadonlyMap<Way, number>;
  /** Of the native engine, in the bucket. */
  readonly archiveBytes: number;
}

/** @throws Error when a copy or a restore does not succeed */
export async function measureRound(round: Round): Promise<Measured> {
  const taken = new Map<Way, number>();
  const native = () => captureNative(round, taken);
  const { point, engine } = await inTurn(round.veleroFirst, () => backUpByVelero(round, taken), native);
  await inTurn(
    round.veleroFirst,
    () => restoreVelero(round, taken),
    async () => {
      await restoreNative(round, engine, point, taken);
      await writeBare(round, taken);
    },
  );
  return { seconds: taken, archiveBytes: point.manifest.archive.bytes };
}

async function backUpByVelero({ world, namespace, name }: Round, taken: Map<Way, number>): Promise<void> {
  const spec = { includedNamespaces: [namespace], storageLocation: 'default', snapshotVolumes: false };
  taken.set('Velero backup', await backUp(world, name, spec));
}

async function captureNative({ world, namespace, objects, name }: Round, taken: Map<Way, number>) {
  const engine = nativeEngine({ store: nativeStore(world.velero.s3), clock: systemClock, log: quiet });
  const [scenario, spec] = [identityOf(name), scenarioOf(namespace)];
  const regions = { source: world.source, recovery: undefined };
  const [result, seconds] = await timed(() => engine.capture(scenario, spec, regions, signal));
  if (result.kind !== 'captured') throw new Error(`not captured: ${result.kind}`);
  const { point } = result;
  if (point.manifest.objects.length < objects)
    throw new Error(`of ${objects} objects only ${point.manifest.objects.length} were captured`);
  const [proof, proving] = await timed(() => engine.verify(point, spec, regions, signal));
  if (proof.kind !== 'verified')
    throw new Error(`the copy is not what the source has: ${proof.differences[0]}`);
  taken.set('native capture', seconds);
  taken.set('native capture and proof', seconds + proving);
  return { point, engine };
}

async function restoreVelero({ world, namespace, name }: Round, taken: Map<Way, number>): Promise<void> {
  const to = `${name}-velero`;
  const [, seconds] = await timed(() => restoreByVelero(world, name, { from: namespace, to }));
  taken.set('Velero restore', seconds);
  await untilSettled(world.recovery, to);
}

/** From the bucket, as the operator does it; the new name of the namespace is only needed here, so it is not timed. */
async function restoreNative(
  { world, namespace, objects, name }: Round,
  engine: Engine,
  { manifest }: PublishedPoint,
  taken: Map<Way, number>,
): Promise<void> {
  const to = `${name}-native`;
  const [opened, opening] = await timed(() => engine.open(manifest.name, signal));
  const point = transformedPoint(opened, [{ name: 'elsewhere', namespaces: [{ from: namespace, to }] }]);
  const [applied, seconds] = await timed(() =>
    restoreUnits(engine, point, identityOf(name), world.recovery, signal),
  );
  if (applied.length < objects) throw new Error(`of ${objects} objects only ${applied.length} were restored`);
  taken.set('native restore', opening + seconds);
  await untilSettled(world.recovery, to);
}

async function writeBare({ world, objects, name }: Round, taken: Map<Way, number>): Promise<void> {
  const to = `${name}-bare`;
  const load = mixedLoad(to, objects);
  const [, seconds] = await timed(() => world.bareRecovery.write('apply', load));
  taken.set('bare client apply', seconds);
  await untilSettled(world.recovery, to);
}

export const identityOf = (name: string) => ({ namespace: 'dr', name, uid: name });
