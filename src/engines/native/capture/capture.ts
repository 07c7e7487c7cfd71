/**
 * Makes a recovery point: reads the source, decides what belongs to it and in
 * which order it goes back, and publishes it; or finds that the last point
 * still says all there is to say. Nothing is written before the order is known:
 * what cannot be replayed is no recovery point.
 */
import { refKey } from '../../../api/object.ts';
import type { DRScenarioSpec } from '../../../api/v1alpha1/dr-scenario.ts';
import { buildGraph } from '../../../domain/graph/order.ts';
import { instant } from '../../../domain/time.ts';
import { spreadWarnings } from '../../../domain/volumes/spread.ts';
import type { Log } from '../../../kube/log.ts';
import type { Store } from '../../../store/store.ts';
import type { CaptureResult, Regions, ScenarioIdentity } from '../../engine.ts';
import { NO_DATA } from '../../volumes/choose/choose.ts';
import type { VolumeDeps } from '../../volumes/cut/plan-cut.ts';
import { newestPoint } from '../points/points.ts';
import { type Draft, freeName, publish } from '../points/publish.ts';
import { type Known, sequenceOfNext } from '../points/survey.ts';
import { failedApiWarnings, refuseToForget } from '../source/failed-apis.ts';
import { areUnchanged, kindsText } from '../source/mirror-sight.ts';
import { type View, type ViewDeps, viewOf } from '../source/view.ts';
import { type Collection, collectFrom, type Evidence, evidenceOf } from './collect.ts';
import { draftOf, orderOf } from './draft.ts';
import {
  hasCopiedData,
  isSameContent,
  type Memory,
  questionText,
  type Remembered,
  scenarioKey,
} from './remembered.ts';
import { isStored, recall } from './stored.ts';
import { captureWithData, claimsIn, type SeenWithData } from './with-data.ts';

export interface CaptureDeps extends ViewDeps {
  readonly store: Store;
  readonly log: Log;
  /** Names of points this process is writing: never collected as half-written. */
  readonly busy: Set<string>;
  readonly memory: Memory;
  /** What is known of the points in the store. */
  readonly manifests: Known;
  readonly trials: VolumeDeps['trials'];
  /** Uid of the objective cluster, when known: recorded in every point. */
  readonly objective?: string | undefined;
}

/** What one capture is about. */
interface Capture {
  readonly deps: CaptureDeps;
  readonly scenario: ScenarioIdentity;
  readonly spec: DRScenarioSpec;
  readonly regions: Regions;
  readonly view: View;
  readonly question: string;
  /** The last point of this scenario, as far as this process knows. */
  readonly last: Remembered | undefined;
  /** To be told with the point, whatever is seen for it. */
  readonly warnings: readonly string[];
}

/** See Engine.capture. @throws KubeError, StoreError, InvalidRulesError */
export async function capture(
  deps: CaptureDeps,
  scenario: ScenarioIdentity,
  spec: DRScenarioSpec,
  regions: Regions,
  signal: AbortSignal,
): Promise<CaptureResult> {
  const { source } = regions;
  const known = deps.memory.get(scenarioKey(scenario));
  const view = await viewOf(deps, { ...scenario, spec, source }, signal);
  const { kinds } = view.sight;
  if (kinds.failed.length > 0) {
    const { store, log, manifests } = deps;
    const newest = known?.point ?? (await newestPoint(store, scenario, manifests, log, signal));
    const captured = newest?.manifest.objects.map(({ key }) => key) ?? [];
    refuseToForget(kinds, captured, spec.resources, source.name);
  }
  const question = questionText(spec, kindsText(kinds));
  const { last, warnings } = await recall(deps, scenario, signal);
  const current: Capture = { deps, scenario, spec, regions, view, question, last, warnings };
  if (last !== undefined && (await isCurrent(current, last, signal))) return unchanged(current, last);
  return captureAnew(current, signal);
}

/** Whether the last point may stand for the present if nothing has changed. */
function mayStand({ deps, question }: Capture, last: Remembered): boolean {
  return (
    deps.mirrors !== undefined &&
    last.provenAt !== undefined &&
    last.question === question &&
    !hasCopiedData(last.point.manifest)
  );
}

/** Whether the source has, object by object and version by version, what it had at the last look. */
async function isCurrent(current: Capture, last: Remembered, signal: AbortSignal): Promise<boolean> {
  if (!mayStand(current, last)) return false;
  // What kept data from being copied is not in the namespaces that are looked at: classes, drivers, storage.
  const { trials } = current.deps;
  if (last.point.manifest.volumesWithoutData.length > 0 && trials.isDue(scenarioKey(current.scenario)))
    return false;
  if (!(await isStored(current.deps.store, last.point, signal))) return false;
  return areUnchanged(last.reads, current.view.sight, signal);
}

function unchanged({ deps, scenario, view, question }: Capture, last: Remembered): CaptureResult {
  const { point } = last;
  view.done();
  remember(deps.memory, scenario, { ...last, question, reads: view.reads() ?? [] });
  return { kind: 'unchanged', point, asOf: view.asOf() };
}

async function captureAnew(current: Capture, signal: AbortSignal): Promise<CaptureResult> {
  const { deps, scenario, spec, view } = current;
  const collection = await collectFrom(spec, view.sight, signal);
  view.done();
  const order = orderIn(collection, spec);
  if (order.kind !== 'graph') return order;
  const claims = claimsIn(collection);
  const nothing = { again: undefined, data: NO_DATA, dataAt: undefined, warnings: [] };
  const hasHooks = spec.replication.hooks.some(({ when }) => when !== 'AfterRestore');
  if (claims.length === 0 && !hasHooks) return conclude(current, collection, nothing, undefined, signal);
  const { clock, log, store, objective, trials } = deps;
  const maker = { owner: { ...scenario, objective }, store: store.location };
  const volumes = { clock, log, trials, maker };
  const concludeSeen = (seen: SeenWithData, name: string) =>
    conclude(current, collection, seen, name, signal);
  return captureWithData(
    { ...deps, ...current, view: deps, volumes, conclude: concludeSeen },
    claims,
    signal,
  );
}

type Order =
  | Extract<ReturnType<typeof buildGraph>, { kind: 'graph' }>
  | Extract<CaptureResult, { kind: 'nothing-selected' | 'unorderable' }>;

function orderIn({ included, missingNamespaces, leftOut, support }: Collection, spec: DRScenarioSpec): Order {
  const objects = [...included.values()].map(({ object }) => object);
  // A namespace by itself is a place without anything in it.
  if (objects.every(({ kind }) => kind === 'Namespace'))
    return { kind: 'nothing-selected', missingNamespaces };
  const { infer, edges } = spec.dependencies;
  const order = buildGraph(objects, edges, infer, leftOut, support.rules);
  return order.kind === 'graph' ? order : { kind: 'unorderable', problem: order };
}

/** @param name undefined: any that is free */
async function conclude(
  before: Capture,
  first: Collection,
  { again, data, dataAt, warnings: ofHooks }: SeenWithData,
  name: string | undefined,
  signal: AbortSignal,
): Promise<CaptureResult> {
  const current = again === undefined ? before : { ...before, view: again.view };
  const { deps, scenario, spec, view, last } = current;
  const collection = again?.collection ?? first;
  const order = orderIn(collection, spec);
  if (order.kind !== 'graph') return order;
  const evidence = evidenceOf(collection);
  const warnings = [
    ...current.warnings,
    ...order.warnings,
    ...evidence.beyond.map(describeBeyond),
    ...evidence.unanswered.map(describeUnanswered),
    ...failedApiWarnings(collection.kinds),
    ...view.unwatched.map(describeUnwatched),
    ...spreadWarnings(data.volumes, orderOf(order.graph)),
    ...ofHooks,
  ];
  const capturedAt = instant(Math.min(view.asOf(), dataAt ?? view.asOf()));
  const parts = { scenario, spec, collection, evidence, graph: order.graph, warnings, capturedAt, data };
  const draft = draftOf({ ...parts, name: name ?? '', clock: deps.clock });
  // What changed is not copied: the state of objects, or what is left out.
  if (last !== undefined && mayStand(current, last) && isSameContent(draft, last.point.manifest)) {
    if (await isStored(deps.store, last.point, signal)) return unchanged(current, last);
  }
  return published(current, draft, collection, signal);
}

async function published(
  { deps, scenario, spec, view, question, last }: Capture,
  unnamed: Draft,
  { included, chosen }: Collection,
  signal: AbortSignal,
): Promise<CaptureResult> {
  const { busy, log, memory, store, manifests, objective } = deps;
  const sequence = await sequenceOfNext(store, scenario, manifests, log, signal);
  const name =
    unnamed.name === '' ? await freeName(store, scenario, unnamed.capturedAt, busy, signal) : unnamed.name;
  const draft = { ...unnamed, name, sequence, ...(objective === undefined ? {} : { objective }) };
  const like = last?.provenAt === undefined ? undefined : last.point.manifest;
  busy.add(name);
  try {
    const { namespaces } = spec.resources;
    const objects = [...included.values()];
    const point = await publish({ draft, objects, namespaces, like }, store, log, signal);
    const reads = view.reads() ?? [];
    remember(memory, scenario, { point, question, reads, seen: { included, chosen }, provenAt: undefined });
    return { kind: 'captured', point };
  } finally {
    busy.delete(name);
  }
}

function remember(memory: Memory, scenario: ScenarioIdentity, what: Remembered): void {
  memory.set(scenarioKey(scenario), what);
}

function describeUnwatched(kind: string): string {
  return `${kind} may not be watched in the source and is listed at every capture: give the operator the right to list and watch it everywhere`;
}

/** Somebody else's object, probably: it is not copied, and whether it will be there is not known. */
function describeBeyond({ from, to, rule, field }: Evidence['beyond'][number]): string {
  return `${from} refers to ${refKey(to)} (${rule}: ${field}), which is in a namespace that is not protected`;
}

function describeUnanswered(service: string): string {
  return `${service} is copied because something refers to it, but has no workload among what is copied: nothing will answer it`;
}
