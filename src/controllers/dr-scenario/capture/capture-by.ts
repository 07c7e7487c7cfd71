/**
 * One capture by one spec: made, proven against the source, and what is beyond
 * retention pruned. Which spec that is, is decided in capture.ts.
 */
import type { DRScenarioSpec } from '../../../api/v1alpha1/dr-scenario.ts';
import type { DRScenarioReason } from '../../../api/v1alpha1/reasons/dr-scenario.ts';
import { describeCycle, describeUnknownEdge } from '../../../domain/graph/explain.ts';
import { InvalidRulesError } from '../../../domain/graph/user-rules/compiled.ts';
import { pointData } from '../../../domain/protection/point-data.ts';
import type { Instant } from '../../../domain/time.ts';
import type { CaptureResult, PublishedPoint, VerifyResult } from '../../../engines/engine.ts';
import { KubeError } from '../../../kube/errors.ts';
import { StoreError } from '../../../store/store.ts';
import type { CaptureDeps } from '../deps.ts';
import { placing } from '../points/former-store.ts';
import { newestVerified } from '../points/listed-points.ts';
import type { Offer, OfferedPoint } from '../points/offer.ts';
import { offerAfterPrune } from '../points/prune.ts';
import { identityOf, type ScenarioWorld } from '../world.ts';

export interface Failure {
  readonly kind: 'failed';
  readonly reason: DRScenarioReason;
  readonly message: string;
  readonly offer?: Offer;
  /** The edge that names nothing. */
  readonly unknown?: DRScenarioSpec['dependencies']['edges'][number];
}

export type CapturedBy =
  | Failure
  | {
      readonly kind: 'unchanged';
      readonly point: PublishedPoint;
      readonly asOf: Instant;
      readonly offer: Offer;
    }
  | {
      readonly kind: 'succeeded';
      readonly point: PublishedPoint;
      readonly verifiedAt: Instant;
      /** What could not be seen of the point when it was proven. */
      readonly warnings: readonly string[];
      readonly offer: Offer;
    };

const failure = (reason: DRScenarioReason, message: string): Failure => ({ kind: 'failed', reason, message });

export const captureBy = (
  world: ScenarioWorld,
  spec: DRScenarioSpec,
  deps: CaptureDeps,
  signal: AbortSignal,
): Promise<CapturedBy> =>
  captureAndVerify(world, spec, deps, signal).catch((error: unknown) => explain(error, spec));

async function captureAndVerify(
  world: ScenarioWorld,
  spec: DRScenarioSpec,
  deps: CaptureDeps,
  signal: AbortSignal,
): Promise<CapturedBy> {
  const access = deps.clusters.region(spec.source.region);
  if (access.kind === 'unavailable') return failure('SourceUnavailable', access.message);
  const recovery = deps.clusters.region(spec.recovery.region);
  const regions = {
    source: access.cluster,
    recovery: recovery.kind === 'available' ? recovery.cluster : undefined,
  };
  const scenario = identityOf(world);
  const engine = deps.engine(spec);
  // What was only found in the store says nothing of points that the store has lost.
  const isFirst = newestVerified(world.parsed.status) === undefined;
  const former = isFirst ? await engine.formerPoints(scenario, regions, signal) : [];
  const result = await engine.capture(scenario, spec, regions, signal);
  const retaining = { world, scenario, spec, engine, objective: deps.objective, former };
  const prune = (proven?: PublishedPoint) =>
    offerAfterPrune(retaining, proven === undefined ? undefined : summaryOf(proven), signal);
  if (result.kind === 'unchanged' && isInForce(world, spec, result.point))
    return { ...result, offer: await prune(result.point) };
  if (result.kind !== 'captured' && result.kind !== 'unchanged') return refusedCapture(result);
  const { point } = result;
  const proof = await prove(point, spec, () => engine.verify(point, spec, regions, signal));
  // What is not proven is pruned too: else such points would pile up with their snapshots.
  if (proof.kind === 'failed') return { ...proof, offer: await prune() };
  const { at: verifiedAt, warnings } = proof;
  return { kind: 'succeeded', point, verifiedAt, warnings, offer: await prune(point) };
}

async function prove(
  { manifest }: PublishedPoint,
  spec: DRScenarioSpec,
  verify: () => Promise<VerifyResult>,
) {
  try {
    const verified = await verify();
    if (verified.kind === 'verified') return verified;
    const differences = verified.differences.slice(0, 5).join('; ');
    return failure('VerificationFailed', `recovery point ${manifest.name} is not used: ${differences}`);
  } catch (error) {
    return explain(error, spec);
  }
}

const summaryOf = ({ manifest, digest }: PublishedPoint): OfferedPoint => ({
  name: manifest.name,
  ...(manifest.sequence === undefined ? {} : { sequence: manifest.sequence }),
  capturedAt: manifest.capturedAt,
  objects: manifest.objects.length,
  bytes: manifest.archive.bytes,
  digest,
  ...pointData(manifest),
});

/** Whether status knows the point as its newest verified one: else it is to be proven again before it counts. */
function isInForce(
  { parsed }: ScenarioWorld,
  spec: DRScenarioSpec,
  { manifest, digest }: PublishedPoint,
): boolean {
  const { recoveryPoint } = parsed.status;
  if (recoveryPoint?.name !== manifest.name || recoveryPoint.digest !== digest) return false;
  // A copy in a store that is new to the scenario has yet to be read.
  return placing(parsed.status, spec)(recoveryPoint).store === undefined;
}

function refusedCapture(result: Exclude<CaptureResult, { kind: 'captured' | 'unchanged' }>): Failure {
  if (result.kind === 'incomplete') return failure('CaptureFailed', result.messages.slice(0, 5).join('; '));
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
      return { ...failure('UnknownDependency', describeUnknownEdge(problem)), unknown: problem.edge };
  }
}

/** What went wrong, for people; anything that is not an expected failure is rethrown and retried by the loop. */
function explain(error: unknown, { source, recovery }: DRScenarioSpec): Failure {
  if (error instanceof StoreError) return failure('CaptureFailed', error.message);
  if (error instanceof InvalidRulesError) return failure('InvalidRule', error.message);
  if (error instanceof KubeError) {
    const gone =
      error.code === 'Unreachable' || error.code === 'UntrustedCertificate' || error.code === 'Unauthorized';
    if (gone && error.cluster === source.region) return failure('SourceUnavailable', error.message);
    if (gone && error.cluster === recovery.region) return failure('RecoveryUnavailable', error.message);
    return failure('CaptureFailed', error.message);
  }
  throw error;
}
