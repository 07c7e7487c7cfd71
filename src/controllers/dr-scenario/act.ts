/**
 * The effects of a scenario's decision: make and prove a recovery point, keep
 * the DNS records announced, start a failover. Each may be repeated safely, and
 * each failure is an outcome to be shown, not the end of the run.
 */
import { API_VERSION } from '../../api/v1alpha1/common.ts';
import { type DRExecutionSpec, drExecutionKind } from '../../api/v1alpha1/dr-execution.ts';
import type { DRScenarioSpec } from '../../api/v1alpha1/dr-scenario.ts';
import type { DRScenarioReason } from '../../api/v1alpha1/reasons/dr-scenario.ts';
import type { Announcer } from '../../dns/external-dns.ts';
import { AUTOMATIC_LABEL } from '../../domain/execution/admit.ts';
import { describeCycle, describeUnknownEdge } from '../../domain/graph/explain.ts';
import { InvalidRulesError } from '../../domain/graph/user-rules/compiled.ts';
import { between, type Clock, type Instant, type Millis, type Tick } from '../../domain/time.ts';
import type { CaptureResult, Engine, PublishedPoint, ScenarioIdentity } from '../../engines/engine.ts';
import type { Cluster, Clusters } from '../../kube/cluster.ts';
import { KubeError } from '../../kube/errors.ts';
import { StoreError } from '../../store/store.ts';
import { isEnded, type ScenarioWorld } from './world.ts';

export interface ActDeps {
  readonly objective: Cluster;
  readonly clusters: Clusters;
  readonly engine: (spec: DRScenarioSpec) => Engine;
  readonly announcer: Announcer;
  readonly clock: Clock;
}

export type CaptureOutcome =
  | {
      readonly kind: 'succeeded';
      readonly point: PublishedPoint;
      readonly verifiedAt: Instant;
      /** Everything published after pruning, newest first. */
      readonly points: readonly PublishedPoint[];
      readonly startedAt: Tick;
      readonly took: Millis;
    }
  | {
      readonly kind: 'failed';
      readonly reason: DRScenarioReason;
      readonly message: string;
      readonly startedAt: Tick;
      readonly took: Millis;
    };

const failure = (reason: DRScenarioReason, message: string) => ({ kind: 'failed' as const, reason, message });

/** Captures, verifies against the source, and prunes what is beyond retention. */
export async function capture(
  world: ScenarioWorld,
  spec: DRScenarioSpec,
  deps: ActDeps,
  signal: AbortSignal,
): Promise<CaptureOutcome> {
  const startedAt = deps.clock.tick();
  const outcome = await captureAndVerify(world, spec, deps, signal).catch((error: unknown) => explain(error));
  return { ...outcome, startedAt, took: between(startedAt, deps.clock.tick()) };
}

async function captureAndVerify(
  world: ScenarioWorld,
  spec: DRScenarioSpec,
  deps: ActDeps,
  signal: AbortSignal,
) {
  const access = deps.clusters.region(spec.source.region);
  if (access.kind === 'unavailable') return failure('SourceUnavailable', access.message);
  const scenario = identityOf(world);
  const engine = deps.engine(spec);
  const result = await engine.capture(scenario, spec, access.cluster, signal);
  if (result.kind !== 'captured') return refusedCapture(result);
  const verified = await engine.verify(result.point, spec, access.cluster, signal);
  if (verified.kind === 'mismatch') {
    return failure(
      'VerificationFailed',
      `recovery point ${result.point.manifest.name} is not used: ${verified.differences.slice(0, 5).join('; ')}`,
    );
  }
  const inUse = new Set([...pointsInUse(world), result.point.manifest.name]);
  await engine.prune(scenario, spec.replication.keep, inUse, signal);
  const points = await engine.points(scenario, signal);
  return { kind: 'succeeded' as const, point: result.point, verifiedAt: verified.at, points };
}

function refusedCapture(result: Exclude<CaptureResult, { kind: 'captured' }>) {
  if (result.kind === 'nothing-selected') {
    const missing = result.missingNamespaces.join(', ');
    return failure(
      'NothingSelected',
      missing === ''
        ? 'no object matches spec.resources'
        : `the source has no namespace ${missing}: correct spec.resources.namespaces`,
    );
  }
  const { problem } = result;
  switch (problem.kind) {
    case 'cycle':
      return failure('DependencyCycle', describeCycle(problem));
    case 'refused-rules':
      return failure('InvalidRule', problem.messages.slice(0, 10).join('; '));
    case 'unknown-edge':
      return failure('UnknownDependency', describeUnknownEdge(problem));
  }
}

/** What went wrong, for people; anything that is not an expected failure is rethrown and retried by the loop. */
function explain(error: unknown) {
  if (error instanceof StoreError) return failure('CaptureFailed', error.message);
  if (error instanceof InvalidRulesError) return failure('InvalidRule', error.message);
  if (error instanceof KubeError) {
    const gone =
      error.code === 'Unreachable' || error.code === 'UntrustedCertificate' || error.code === 'Unauthorized';
    return failure(gone ? 'SourceUnavailable' : 'CaptureFailed', error.message);
  }
  throw error;
}

/** Points that pruning must leave alone: the newest verified one and those that executions still need. */
function pointsInUse(world: ScenarioWorld): readonly string[] {
  const newest = world.parsed.status.recoveryPoint?.name;
  const planned = world.executions
    .filter((execution) => !isEnded(execution))
    .flatMap(({ spec, status }) => [spec.recoveryPoint, status.plan?.recoveryPoint ?? spec.recoveryPoint]);
  return newest === undefined ? planned : [newest, ...planned];
}

export function identityOf(world: ScenarioWorld): ScenarioIdentity {
  const { namespace, name, uid } = world.object.metadata;
  return { namespace: namespace ?? '', name, uid: uid ?? '' };
}

/** Creates the execution of an automatic failover; the same failure makes the same name, so again is harmless. */
export async function startFailover(
  world: ScenarioWorld,
  start: { readonly name: string; readonly spec: DRExecutionSpec },
  objective: Cluster,
  signal: AbortSignal,
): Promise<void> {
  const { namespace } = world.object.metadata;
  const inNamespace = namespace === undefined ? {} : { namespace };
  const execution = {
    apiVersion: API_VERSION,
    kind: drExecutionKind.kind,
    metadata: { name: start.name, ...inNamespace, labels: { [AUTOMATIC_LABEL]: 'true' } },
    spec: start.spec,
  };
  try {
    await objective.create(execution, signal);
  } catch (error) {
    if (!(error instanceof KubeError && error.code === 'AlreadyExists')) throw error;
  }
}
