/**
 * What the store of a scenario has beyond the points that its status vouches
 * for: those made for a scenario or an objective cluster that was lost, those
 * whose proof is still to come, and backups that Velero made without Antipode.
 * Looked for only when nothing verified can be taken.
 */
import type { AdmissionFacts, Refusal } from '../../domain/execution/admit.ts';
import { refuse } from '../../domain/execution/admit.ts';
import type { FoundPoint } from '../../domain/execution/choose-point.ts';
import { pointData } from '../../domain/protection/point-data.ts';
import { describeStore } from '../../domain/protection/point-store.ts';
import type { PublishedPoint } from '../../engines/engine.ts';
import { isSegment } from '../../store/store.ts';
import { placeKey } from '../../store/stores.ts';
import { readBeside } from '../long-read.ts';
import type { Waiting } from './decide.ts';
import type { ExecutionDeps, Memory } from './deps.ts';
import type { AdmissionWorld, Execution } from './gather.ts';
import { waitingFor, waitingToRead } from './open-point.ts';

export type Found = { readonly kind: 'facts'; readonly facts: AdmissionFacts } | Waiting | Refusal;

/**
 * The facts, with the points that are in the store.
 * @throws StoreError, ReadTimeoutError, InvalidRulesError
 */
export async function withFoundPoints(
  world: AdmissionWorld,
  execution: Execution,
  memory: Memory,
  deps: ExecutionDeps,
  signal: AbortSignal,
): Promise<Found> {
  const { facts, scenarioUid: uid } = world;
  const { scenario } = facts;
  const spec = scenario?.acceptedSpec;
  if (scenario === undefined || spec === undefined) return { kind: 'facts', facts };
  const { namespace, spec: asked } = execution;
  const identity = { namespace, name: asked.scenario, uid };
  const place = deps.storePlace(spec);
  const where = `the recovery points of ${asked.scenario} in ${describeStore(place)}`;
  const wish = {
    id: JSON.stringify([placeKey(place), identity]),
    what: where,
    read: (lasting: AbortSignal) => deps.engine(spec).points(identity, lasting),
  };
  const reading = await readBeside(memory.found, wish, deps, signal);
  if (reading.kind === 'reading') return waitingFor(reading.problem, `looking for ${where}`);
  const found = reading.value;
  const isKnown = [...scenario.points, ...found].some(({ name }) => name === asked.recoveryPoint);
  const facing = (points: readonly FoundPoint[]): Found => ({
    kind: 'facts',
    facts: { ...facts, scenario: { ...scenario, found: points } },
  });
  // What no store can hold is the name of nothing, now and later.
  if (isKnown || asked.recoveryPoint === 'latest' || !isSegment(asked.recoveryPoint)) return facing(found);
  const backup = await namedBackup(identity, spec, asked.recoveryPoint, memory, deps, signal);
  return backup.kind === 'found' ? facing([...found, backup.point]) : (backup.other ?? facing(found));
}

type Backup =
  | { readonly kind: 'found'; readonly point: FoundPoint }
  /** `other`: undefined when there is no such backup. */
  | { readonly kind: 'none'; readonly other: Waiting | Refusal | undefined };

/** A backup that Velero made without Antipode, made into a point. @throws StoreError, ReadTimeoutError, InvalidRulesError */
async function namedBackup(
  identity: Parameters<ExecutionDeps['importBackup']>[1],
  spec: Parameters<ExecutionDeps['importBackup']>[2],
  name: string,
  memory: Memory,
  deps: ExecutionDeps,
  signal: AbortSignal,
): Promise<Backup> {
  const wish = {
    // Of what it is made: another store or selection makes another point.
    id: JSON.stringify([name, identity, spec]),
    what: `Velero backup ${name}`,
    read: (lasting: AbortSignal) => deps.importBackup(name, identity, spec, lasting),
  };
  const reading = await readBeside(memory.backup, wish, deps, signal);
  if (reading.kind === 'reading') return { kind: 'none', other: waitingToRead(reading.problem, name) };
  const imported = reading.value;
  switch (imported.kind) {
    case 'unusable':
      return { kind: 'none', other: refuse('NoVerifiedRecoveryPoint', imported.message) };
    case 'not-found':
      return { kind: 'none', other: undefined };
    case 'imported':
      return { kind: 'found', point: foundOf(name, imported.point) };
  }
}

function foundOf(name: string, { manifest, digest }: PublishedPoint): FoundPoint {
  const { sequence, capturedAt, sourceRegion } = manifest;
  const { dataRegion } = pointData(manifest);
  return { name, sequence, capturedAt, sourceRegion, digest, dataRegion };
}
