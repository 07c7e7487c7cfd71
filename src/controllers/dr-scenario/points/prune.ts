/**
 * Has the points removed that retention does not keep. What needs a point is
 * asked of the objective cluster before every removal, since an execution may
 * have started while a capture ran; that something cannot be removed makes the
 * new point no worse.
 */
import { arrayAt, textAt } from '../../../api/fields.ts';
import type { KubeObject } from '../../../api/object.ts';
import { POINTS_GONE_ANNOTATION } from '../../../api/ownership.ts';
import { drExecutionKind } from '../../../api/v1alpha1/dr-execution.ts';
import type { DRScenarioSpec } from '../../../api/v1alpha1/dr-scenario.ts';
import { drScenarioKind } from '../../../api/v1alpha1/dr-scenario.ts';
import type { PointStatus } from '../../../api/v1alpha1/dr-scenario-points.ts';
import { isVerified } from '../../../domain/protection/point-data.ts';
import type { StoredPoint } from '../../../domain/protection/point-store.ts';
import { retentionPolicy } from '../../../domain/protection/retention.ts';
import type { Engine, PointUse, ScenarioIdentity } from '../../../engines/engine.ts';
import type { Cluster } from '../../../kube/cluster.ts';
import { KubeError } from '../../../kube/errors.ts';
import { StoreError } from '../../../store/store.ts';
import { resourceOf } from '../../resources.ts';
import { executionView } from '../gather.ts';
import { type ExecutionView, isEnded, type ScenarioWorld } from '../world.ts';
import { placing } from './former-store.ts';
import type { Offer, OfferedPoint } from './offer.ts';

export interface Retaining {
  readonly world: ScenarioWorld;
  readonly scenario: ScenarioIdentity;
  readonly spec: DRScenarioSpec;
  readonly engine: Engine;
  readonly objective: Cluster;
  /** Names of points that a former scenario has left data of, while status lists none that is verified. */
  readonly former: readonly string[];
}

/** @param proven the point that was made or found current just now; undefined when it did not pass its proof */
export async function offerAfterPrune(
  retaining: Retaining,
  proven: OfferedPoint | undefined,
  signal: AbortSignal,
): Promise<Offer> {
  const { world, scenario, spec, engine, objective } = retaining;
  const { store } = spec.replication;
  const { known, awaited, lostBefore, verified } = listedPoints(retaining);
  try {
    const request = {
      listed: [
        ...known.filter(({ foreign }) => foreign !== true),
        ...awaited.filter(({ isGone }) => !isGone),
      ],
      policy: retentionPolicy(spec),
      verified: new Set(proven === undefined ? verified : [...verified, proven.name]),
      proven: proven?.name,
      use: (asking: AbortSignal) => pointUse(world, objective, asking),
    };
    const { kept, missing, problems = [] } = await engine.prune(scenario, request, signal);
    const problem = [
      ...(missing === undefined ? [] : [missing.message]),
      ...(problems.length === 0 ? [] : [notRemoved(problems)]),
    ].join('; ');
    const lost = [...(missing?.points ?? []), ...lostBefore];
    return { points: kept, store, missing: lost, ...(problem === '' ? {} : { problem }) };
  } catch (error) {
    if (!(error instanceof StoreError || error instanceof KubeError) || signal.aborted) throw error;
    const others = known.filter((point) => point.name !== proven?.name && isBefore(point, proven));
    const points = proven === undefined ? others : [proven, ...others];
    const lost = [...awaited.map(({ name }) => name), ...lostBefore];
    return { points, store, missing: lost, problem: notRemoved([error.message]) };
  }
}

/** What status tells of points, of which only those of the store that is pruned can be looked for in it. */
function listedPoints({ world, spec, former }: Retaining) {
  const { recoveryPoints = [], missingPoints = [] } = world.parsed.status;
  const placed = placing(world.parsed.status, spec);
  const isHere = (point: StoredPoint) => placed(point).store === undefined;
  const gone = pointsGone(world.object);
  const told = new Set([...recoveryPoints, ...missingPoints].map(({ name }) => name));
  const untold = former.filter((name) => !told.has(name)).map((name) => ({ name }));
  const awaited = [...missingPoints.filter(isHere), ...untold];
  const elsewhere = missingPoints.filter((point) => !isHere(point) && !gone.has(point.name));
  return {
    known: recoveryPoints.filter(isHere),
    awaited: awaited.map((point) => ({ ...point, isGone: gone.has(point.name) })),
    /** Of a store of before, by name: they stay as they are. */
    lostBefore: elsewhere.map(({ name }) => name),
    verified: recoveryPoints.filter(isVerified).map(({ name }) => name),
  };
}

/** Names that a person has given up. Counted only for points that are missing: one that is on offer is not gone. */
function pointsGone({ metadata }: KubeObject): ReadonlySet<string> {
  const text = metadata.annotations?.[POINTS_GONE_ANNOTATION] ?? '';
  return new Set(text.split(/[\s,]+/));
}

const notRemoved = (problems: readonly string[]): string =>
  `older points are not removed: ${problems.slice(0, 3).join('; ')}`;

/** What has a count that high was made in another store, which the scenario had before: this one does not have it. */
const isBefore = ({ sequence = 0 }: PointStatus, proven: OfferedPoint | undefined): boolean =>
  proven?.sequence === undefined || sequence < proven.sequence;

/** @throws KubeError */
async function pointUse(
  { object: { metadata } }: ScenarioWorld,
  objective: Cluster,
  signal: AbortSignal,
): Promise<PointUse> {
  const { name, namespace, uid } = metadata;
  const inNamespace = namespace === undefined ? {} : { namespace };
  // The status first: an execution that is created after it was read finds the same or a later one.
  const scenario = await objective.get(resourceOf(drScenarioKind), { ...inNamespace, name }, signal);
  if (scenario === undefined || scenario.metadata.uid !== uid)
    return { inUse: new Map(), offered: new Set(), undecided: 'the scenario, which was deleted' };
  const { items } = await objective.list(resourceOf(drExecutionKind), inNamespace, signal);
  const executions = items.flatMap(executionView).filter(({ spec }) => spec.scenario === name);
  const offered = arrayAt(scenario, 'status', 'recoveryPoints').map((point) => textAt(point, 'name') ?? '');
  return useOf(executions, offered);
}

/** What executions of a scenario need, given the points they may choose from. */
export function useOf(executions: readonly ExecutionView[], offered: readonly string[]): PointUse {
  const inUse = new Map<string, string>();
  let undecided: string | undefined;
  for (const execution of executions) {
    if (isEnded(execution)) continue;
    const { name, spec, status } = execution;
    const chosen = status.plan?.recoveryPoint ?? spec.recoveryPoint;
    if (status.plan === undefined && chosen === 'latest') undecided = `DRExecution ${name}`;
    else inUse.set(chosen, `DRExecution ${name}`);
  }
  return { inUse, offered: new Set(offered), undecided };
}
