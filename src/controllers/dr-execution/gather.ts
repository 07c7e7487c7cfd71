/** Reads what one pass over an execution needs from the objective cluster, once and uncached: the journal must be its newest. */

import type { KubeObject } from '../../api/object.ts';
import {
  type DRExecutionSpec,
  type DRExecutionStatus,
  drExecutionKind,
  drExecutionSpec,
  drExecutionStatus,
  type StepStatus,
} from '../../api/v1alpha1/dr-execution.ts';
import {
  type DRScenarioSpec,
  drScenarioKind,
  drScenarioSpec,
  drScenarioStatus,
} from '../../api/v1alpha1/dr-scenario.ts';
import { parseResource } from '../../api/v1alpha1/parse.ts';
import { regionHealthKind, regionHealthSpec, regionHealthStatus } from '../../api/v1alpha1/region-health.ts';
import { announcedNames } from '../../dns/external-dns.ts';
import type { Announced } from '../../domain/dns/desired.ts';
import { type AdmissionFacts, AUTOMATIC_LABEL, type RegionFacts } from '../../domain/execution/admit.ts';
import { lastMove } from '../../domain/execution/last-move.ts';
import type { ExecutionPlan } from '../../domain/execution/report.ts';
import type { Instant } from '../../domain/time.ts';
import type { Cluster } from '../../kube/cluster.ts';
import { KubeError } from '../../kube/errors.ts';
import type { Key } from '../../kube/reconciler.ts';
import { regionFactsOf } from '../region-facts.ts';
import { resourceOf } from '../resources.ts';

export interface Execution {
  readonly object: KubeObject;
  readonly namespace: string;
  readonly name: string;
  readonly generation: number;
  readonly spec: DRExecutionSpec;
  readonly status: DRExecutionStatus;
}

export interface RunningWorld {
  readonly kind: 'running';
  readonly execution: Execution;
  readonly plan: ExecutionPlan;
  readonly steps: readonly StepStatus[];
  readonly scenario:
    | { readonly kind: 'accepted'; readonly spec: DRScenarioSpec }
    /** It exists, but its status does not hold the accepted spec just now. */
    | { readonly kind: 'unknown' }
    | { readonly kind: 'deleted' };
}

/** The running world with the spec it runs by. */
export interface ActWorld extends RunningWorld {
  readonly acceptedSpec: DRScenarioSpec;
}

export type World =
  | { readonly kind: 'gone' }
  | { readonly kind: 'ended' }
  | { readonly kind: 'invalid'; readonly object: KubeObject; readonly message: string }
  /** Not decided yet. */
  | { readonly kind: 'new'; readonly execution: Execution }
  | RunningWorld;

/** @throws KubeError when the objective cluster cannot be read */
export async function gather(key: Key, objective: Cluster, signal: AbortSignal): Promise<World> {
  const object = await objective.get(resourceOf(drExecutionKind), key, signal);
  if (object === undefined || object.metadata.deletionTimestamp !== undefined) return { kind: 'gone' };
  const parsed = parseResource(object, { spec: drExecutionSpec, status: drExecutionStatus });
  const { status } = parsed;
  if (status.phase === 'Succeeded' || status.phase === 'Failed' || status.phase === 'Refused') {
    return { kind: 'ended' };
  }
  if (parsed.kind === 'invalid') return { kind: 'invalid', object, message: parsed.message };
  const { generation, spec } = parsed;
  const { name, namespace = '' } = object.metadata;
  const execution: Execution = { object, namespace, name, generation, spec, status };
  if (status.phase !== 'Running' || status.plan === undefined || status.steps === undefined) {
    return { kind: 'new', execution };
  }
  const { plan, steps } = status;
  const scenario = await scenarioInForce(execution, plan, objective, signal);
  return { kind: 'running', execution, plan, steps, scenario };
}

async function scenarioInForce(
  execution: Execution,
  plan: ExecutionPlan,
  objective: Cluster,
  signal: AbortSignal,
): Promise<RunningWorld['scenario']> {
  const found = await scenarioOf(execution, objective, signal);
  if (found === undefined || found.uid !== plan.scenarioUid) return { kind: 'deleted' };
  const { acceptedSpec } = found.status;
  return acceptedSpec === undefined ? { kind: 'unknown' } : { kind: 'accepted', spec: acceptedSpec };
}

async function scenarioOf({ namespace, spec }: Execution, objective: Cluster, signal: AbortSignal) {
  const object = await objective.get(resourceOf(drScenarioKind), { namespace, name: spec.scenario }, signal);
  if (object === undefined || object.metadata.deletionTimestamp !== undefined) return undefined;
  const parsed = parseResource(object, { spec: drScenarioSpec, status: drScenarioStatus });
  // A spec that cannot be parsed changes nothing: what counts is the last accepted one, in the status.
  const status = drScenarioStatus.safeParse(object['status'] ?? {});
  return {
    uid: object.metadata.uid ?? '',
    status: parsed.kind === 'valid' ? parsed.status : status.success ? status.data : {},
  };
}

export interface AdmissionWorld {
  readonly facts: AdmissionFacts;
  /** Empty when there is no scenario. */
  readonly scenarioUid: string;
  /** What its names are announced with; empty when that could not be read. */
  readonly names: readonly AnnouncedHere[];
}

type AnnouncedHere = Announced & { readonly hostname: string };

/** What the safety rules are judged on. @throws KubeError */
export async function gatherAdmission(
  execution: Execution,
  objective: Cluster,
  now: Instant,
  signal: AbortSignal,
): Promise<AdmissionWorld> {
  const [scenario, others] = await Promise.all([
    scenarioOf(execution, objective, signal),
    othersOf(execution, objective, signal),
  ]);
  const acceptedSpec = scenario?.status.acceptedSpec;
  const [source, recovery, names] = await Promise.all([
    regionFacts(acceptedSpec?.source.region, objective, signal),
    regionFacts(acceptedSpec?.recovery.region, objective, signal),
    acceptedSpec === undefined || acceptedSpec.dns.records.length === 0
      ? []
      : namesOf(execution, objective, signal),
  ]);
  return {
    scenarioUid: scenario?.uid ?? '',
    names,
    facts: {
      spec: execution.spec,
      automatic: execution.object.metadata.labels?.[AUTOMATIC_LABEL] === 'true',
      scenario:
        scenario === undefined
          ? undefined
          : {
              acceptedSpec,
              // The scenario says so only after it has looked itself.
              activeRegion: lastMove(others, scenario.uid) ?? scenario.status.activeRegion,
              points: scenario.status.recoveryPoints ?? [],
            },
      running: others.filter(({ status }) => status.phase === 'Running').map((other) => other.name),
      source,
      recovery,
      now,
    },
  };
}

/** They are only warned of, so that they cannot be read must not hold up a failover. */
async function namesOf(
  { namespace, spec }: Execution,
  objective: Cluster,
  signal: AbortSignal,
): Promise<readonly AnnouncedHere[]> {
  try {
    const names = await announcedNames(objective, { namespace, name: spec.scenario }, signal);
    return names.map(({ hostname, service, targets }) => ({
      hostname,
      service: `${namespace}/${service}`,
      targets,
    }));
  } catch (error) {
    if (!(error instanceof KubeError)) throw error;
    return [];
  }
}

interface Other {
  readonly name: string;
  readonly status: DRExecutionStatus;
}

/** The other executions of its scenario. */
async function othersOf(
  { namespace, name, spec }: Execution,
  objective: Cluster,
  signal: AbortSignal,
): Promise<readonly Other[]> {
  const { items } = await objective.list(resourceOf(drExecutionKind), { namespace }, signal);
  return items.flatMap((object) => {
    const parsed = parseResource(object, { spec: drExecutionSpec, status: drExecutionStatus });
    if (parsed.kind === 'invalid' || object.metadata.name === name) return [];
    const isOfIt = parsed.spec.scenario === spec.scenario;
    return isOfIt ? [{ name: object.metadata.name, status: parsed.status }] : [];
  });
}

const NOT_OBSERVED = regionFactsOf({});

async function regionFacts(
  name: string | undefined,
  objective: Cluster,
  signal: AbortSignal,
): Promise<RegionFacts> {
  const object =
    name === undefined ? undefined : await objective.get(resourceOf(regionHealthKind), { name }, signal);
  if (object === undefined) return NOT_OBSERVED;
  const parsed = parseResource(object, { spec: regionHealthSpec, status: regionHealthStatus });
  if (parsed.kind === 'invalid') return NOT_OBSERVED;
  return regionFactsOf(parsed.status);
}
