/**
 * Makes a recovery point with Velero: looks at the source to know which kinds
 * belong to it, has Velero back them up, and publishes a manifest of what is in
 * the archive. Published means, as for every point, that the manifest is there.
 */
import type { DRScenarioSpec } from '../../../api/v1alpha1/dr-scenario.ts';
import { buildGraph } from '../../../domain/graph/order.ts';
import { toRfc3339 } from '../../../domain/time.ts';
import type { Cluster } from '../../../kube/cluster.ts';
import { KubeError, type KubeErrorCode } from '../../../kube/errors.ts';
import type { CaptureResult, Regions, ScenarioIdentity } from '../../engine.ts';
import { aroundCapture, type Surrounded } from '../../hooks/around-capture.ts';
import { type Collection, collect } from '../../native/capture/collect.ts';
import { newestPoint } from '../../native/points/points.ts';
import { failedApiWarnings, refuseToForget } from '../../native/source/failed-apis.ts';
import { discardBackup } from '../clean.ts';
import { checkLocation } from '../location.ts';
import type { VeleroSettings } from '../settings.ts';
import type { Stage } from '../stage.ts';
import { carryThrough, follow, type VeleroDeps } from './publish-ended.ts';
import { type Requested, requestBackup } from './request.ts';
import { FROZEN_IN_QUEUE, untilIdle } from './until-idle.ts';
import { wishedClass } from './wished-volumes.ts';

/** See Engine.capture. @throws VeleroProblem, KubeError, StoreError, InvalidRulesError */
export async function capture(
  deps: VeleroDeps,
  scenario: ScenarioIdentity,
  spec: DRScenarioSpec,
  { source, recovery }: Regions,
  signal: AbortSignal,
): Promise<CaptureResult> {
  const { settings, clock, store } = deps;
  await checkLocation(source, settings, 'write', signal);
  const ofRecovery = await checkRecovery(recovery, settings, signal);
  const capturedAt = toRfc3339(clock.now());
  const live = await collectKnown(spec, scenario, source, deps, signal);
  const refusal = refusalOf(live, spec);
  if (refusal !== undefined) return refusal;
  const types = [...live.included.values()].map(({ type }) => type);
  const namespaces = spec.resources.namespaces.filter((name) => !live.missingNamespaces.includes(name));
  const snapshotClass = await wishedClass(spec, source, signal);
  const wish = { scenario, spec, settings, types, namespaces, snapshotClass, capturedAt };
  const owner = { ...scenario, objective: deps.objective };
  const asked: string[] = [];
  const request = async (): Promise<Requested> => {
    const requested = await requestBackup(wish, owner, source, store, signal);
    asked.push(requested.name);
    deps.busy.add(requested.name);
    return requested;
  };
  try {
    const copied = await copyBetweenHooks(request, scenario, spec, source, deps, signal);
    if (copied.kind === 'done') {
      const { value: requested } = copied;
      const warnings = [...ofRecovery, ...failedApiWarnings(live.kinds), ...copied.warnings];
      const run = { requested, warnings, live, scenario, spec, source, recovery };
      return await carryThrough(run, deps, signal);
    }
    for (const name of asked) await discardBackup(name, scenario, source, deps, signal);
    return { kind: 'incomplete', messages: copied.messages };
  } finally {
    for (const name of asked) deps.busy.delete(name);
  }
}

/** @throws KubeError, also when a kind that the newest point holds cannot be seen any more; StoreError, InvalidRulesError */
async function collectKnown(
  spec: DRScenarioSpec,
  scenario: ScenarioIdentity,
  source: Cluster,
  { store, log, manifests }: VeleroDeps,
  signal: AbortSignal,
): Promise<Collection> {
  const live = await collect(spec, source, signal);
  if (live.kinds.failed.length === 0) return live;
  const newest = await newestPoint(store, scenario, manifests, log, signal);
  const captured = newest?.manifest.objects.map(({ key }) => key) ?? [];
  refuseToForget(live.kinds, captured, spec.resources, source.name);
  return live;
}

/** Nobody in that cluster has answered: nothing is known of Velero there. */
const UNANSWERED: ReadonlySet<KubeErrorCode> = new Set([
  'Unreachable',
  'Unavailable',
  'TooManyRequests',
  'UntrustedCertificate',
  'Unauthorized',
]);

/**
 * A point that the other region could not restore is none; but one that does not answer for a while
 * is restored to when it does, so it holds up none.
 * @returns what is to be said of it in the point
 * @throws VeleroProblem, KubeError
 */
async function checkRecovery(
  recovery: Cluster | undefined,
  settings: VeleroSettings,
  signal: AbortSignal,
): Promise<readonly string[]> {
  if (recovery === undefined) return [];
  try {
    await checkLocation(recovery, settings, 'read', signal);
    return [];
  } catch (error) {
    if (!(error instanceof KubeError && UNANSWERED.has(error.code)) || signal.aborted) throw error;
    return [`whether Velero in ${recovery.name} can restore this point is not known: ${error.message}`];
  }
}

/** Until Velero has read everything and cut the snapshots: moving their data elsewhere is nothing to stay frozen for. */
async function copyBetweenHooks(
  request: () => Promise<Requested>,
  scenario: ScenarioIdentity,
  { replication: { hooks, volumes } }: DRScenarioSpec,
  source: Cluster,
  deps: VeleroDeps,
  signal: AbortSignal,
): Promise<Surrounded<Requested>> {
  const around = hooks.filter(({ when }) => when !== 'AfterRestore');
  if (around.length === 0) return { kind: 'done', value: await request(), warnings: [] };
  await untilIdle(source, deps.settings.namespace, scenario, deps.clock, signal);
  const copied = await aroundCapture(around, source, deps, signal, async () => {
    const requested = await request();
    if (requested.isAdopted) return requested;
    const options = { source, volumes, enough: isCopied, queued: FROZEN_IN_QUEUE };
    await follow(requested.name, options, deps, signal);
    return requested;
  });
  if (copied.kind === 'failed' || !copied.value.isAdopted) return copied;
  const what = `Velero backup ${copied.value.name} was begun by an operator that has ended since`;
  return { kind: 'failed', messages: [`${what}, perhaps without its hooks; it is made anew`] };
}

const isCopied = (stage: Stage): boolean => stage.kind === 'running' && stage.part === 'volumes';

/** What would make the whole backup useless is found before Velero is asked for it. */
function refusalOf(live: Collection, spec: DRScenarioSpec): CaptureResult | undefined {
  const objects = [...live.included.values()].map(({ object }) => object);
  if (objects.every(({ kind }) => kind === 'Namespace'))
    return { kind: 'nothing-selected', missingNamespaces: live.missingNamespaces };
  const { infer, edges } = spec.dependencies;
  const order = buildGraph(objects, edges, infer, live.leftOut, live.support.rules);
  return order.kind === 'graph' ? undefined : { kind: 'unorderable', problem: order };
}
