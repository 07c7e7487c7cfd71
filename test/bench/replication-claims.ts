/**
 * The same rounds with data: claims whose snapshots are cut by the CSI driver and
 * imported by their handles in the recovery region, by Velero and by the native
 * engine. The driver copies a small folder, so what is timed is the work around
 * the storage and not the storage. A restore ends when all its claims are bound.
 */

import { ensureCsi } from '../../hack/harness/csi.ts';
import { aClaim, applyTo } from '../../hack/harness/csi-claims.ts';
import { ensureVelero } from '../../hack/harness/velero.ts';
import { textAt } from '../../src/api/fields.ts';
import { systemClock } from '../../src/clock.ts';
import type { Engine } from '../../src/engines/engine.ts';
import { nativeEngine } from '../../src/engines/native/engine.ts';
import { transformedPoint } from '../../src/engines/transformed-point.ts';
import type { Cluster } from '../../src/kube/cluster.ts';
import { quiet } from '../e2e/connect.ts';
import { nativeStore, scenarioOf } from './replication-engine.ts';
import { CLAIM_WAYS, type ClaimTiming, type Way } from './replication-report.ts';
import { identityOf } from './replication-rounds.ts';
import { backUp, inTurn, LOOK_EVERY, restoreByVelero, timed } from './replication-turns.ts';
import { VELERO_BUCKET, type World } from './replication-world.ts';
import { restoreUnits } from './restore-load.ts';

const signal = new AbortController().signal;
/** The first copy of a process tries whether the recovery region reads the driver's snapshots. */
const WARM_UP = 2;
/** Velero takes six seconds for each claim, so of so many there is one round. */
const MANY = 50;

export interface ClaimPlan {
  readonly sizes: readonly number[];
  readonly rounds: number;
  /** Unique on these clusters. */
  readonly run: string;
  readonly progress: (line: string) => void;
}

/** Starts the CSI drivers, and Velero anew with its support for them. @throws Error when a copy or a restore does not succeed */
export async function measureClaims(before: World, plan: ClaimPlan): Promise<readonly ClaimTiming[]> {
  const { progress, run } = plan;
  await ensureCsi(before.lab, { backend: 'shared', progress });
  const options = { bucket: VELERO_BUCKET, features: ['EnableCSI'], progress };
  const world = { ...before, velero: await ensureVelero(before.lab, options) };
  await Promise.all([before.source, before.recovery].map((one) => one.discover(signal, { refresh: true })));
  const engine = nativeEngine({ store: nativeStore(world.velero.s3), clock: systemClock, log: quiet });

  const warmUp = await loadClaims(world, `claims-${run}-warm`, WARM_UP);
  await measureRound({ world, engine, load: warmUp, name: `cw-${run}`, veleroFirst: true });
  const timings: ClaimTiming[] = [];
  for (const claims of plan.sizes) {
    const load = await loadClaims(world, `claims-${run}-${claims}`, claims);
    const results: ReadonlyMap<Way, number>[] = [];
    const rounds = claims >= MANY ? 1 : plan.rounds;
    for (let number = 0; number < rounds; number += 1) {
      const name = `c${number}-${run}-${claims}`;
      results.push(await measureRound({ world, engine, load, name, veleroFirst: number % 2 === 0 }));
      progress(`${claims} claims, round ${number + 1}: ${described(results.at(-1))}`);
    }
    for (const way of CLAIM_WAYS)
      timings.push({ claims, way, seconds: results.map((result) => rounded(result.get(way))) });
  }
  return timings;
}

const rounded = (seconds = Number.NaN): number => Math.round(seconds * 1000) / 1000;
const described = (round: ReadonlyMap<Way, number> = new Map()): string =>
  [...round].map(([way, seconds]) => `${way} ${seconds.toFixed(2)} s`).join(', ');

interface Load {
  /** In the source. */
  readonly namespace: string;
  readonly claims: number;
}

interface Round {
  readonly world: World;
  readonly engine: Engine;
  readonly load: Load;
  readonly name: string;
  readonly veleroFirst: boolean;
}

async function loadClaims({ lab, source }: World, namespace: string, claims: number): Promise<Load> {
  const names = Array.from({ length: claims }, (_, index) => `data-${index}`);
  await applyTo(lab.source, [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } },
    ...names.map((name) => aClaim({ namespace, name })),
  ]);
  await untilBound(source, namespace, claims);
  return { namespace, claims };
}

async function measureRound(round: Round): Promise<ReadonlyMap<Way, number>> {
  const { world, load, name, veleroFirst } = round;
  const taken = new Map<Way, number>();
  const backup = { includedNamespaces: [load.namespace], storageLocation: 'default' };
  const velero = async () => {
    taken.set('Velero backup', await backUp(world, name, backup));
  };
  const point = await inTurn(veleroFirst, velero, () => captureNative(round, taken));
  const restoreVelero = async () => {
    const to = `${name}-velero`;
    const restored = async () => {
      await restoreByVelero(world, name, { from: load.namespace, to });
      await untilBound(world.recovery, to, load.claims);
    };
    taken.set('Velero restore', (await timed(restored))[1]);
  };
  await inTurn(veleroFirst, restoreVelero, () => restoreNative(round, point, taken));
  return taken;
}

/** @returns the name of the point */
async function captureNative({ world, engine, load, name }: Round, taken: Map<Way, number>): Promise<string> {
  const { source, recovery } = world;
  const [scenario, spec] = [identityOf(name), scenarioOf(load.namespace)];
  const [result, seconds] = await timed(() => engine.capture(scenario, spec, { source, recovery }, signal));
  if (result.kind !== 'captured') throw new Error(`not captured: ${JSON.stringify(result)}`);
  const { volumesWithoutData, name: point } = result.point.manifest;
  if (volumesWithoutData.length > 0) throw new Error(`captured without data: ${volumesWithoutData[0]}`);
  const verify = () => engine.verify(result.point, spec, { source, recovery }, signal);
  const [proof, proving] = await timed(verify);
  if (proof.kind !== 'verified') throw new Error(`not proven: ${proof.differences[0]}`);
  taken.set('native capture', seconds);
  taken.set('native capture and proof', seconds + proving);
  return point;
}

async function restoreNative(
  { world, engine, load, name }: Round,
  pointName: string,
  taken: Map<Way, number>,
): Promise<void> {
  const to = `${name}-native`;
  const elsewhere = [{ name: 'elsewhere', namespaces: [{ from: load.namespace, to }] }];
  const restored = async () => {
    const point = transformedPoint(await engine.open(pointName, signal), elsewhere);
    await restoreUnits(engine, point, identityOf(name), world.recovery, signal);
    await untilBound(world.recovery, to, load.claims);
  };
  taken.set('native restore', (await timed(restored))[1]);
}

async function untilBound(cluster: Cluster, namespace: string, claims: number): Promise<void> {
  const type = await cluster.typeFor({ group: '', kind: 'PersistentVolumeClaim' }, signal);
  if (type === undefined) throw new Error('claims are not served');
  for (;;) {
    const { items } = await cluster.list(type, { namespace }, signal);
    if (items.filter((item) => textAt(item, 'status', 'phase') === 'Bound').length === claims) return;
    await systemClock.sleep(LOOK_EVERY, signal);
  }
}
