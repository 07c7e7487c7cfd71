/** Reads everything the judgement of one region needs: the object, the control plane, the probes; all at once. */
import type { KubeObject } from '../../api/object.ts';
import { parseResource } from '../../api/v1alpha1/parse.ts';
import {
  type RegionHealthSpec,
  type RegionHealthStatus,
  regionHealthKind,
  regionHealthSpec,
  regionHealthStatus,
} from '../../api/v1alpha1/region-health.ts';
import type { ProbeOutcome } from '../../domain/health/probe-history.ts';
import { type HealthRules, rulesOf } from '../../domain/health/rules.ts';
import type { Clock, Millis, Tick } from '../../domain/time.ts';
import type { Cluster, ClusterAccess } from '../../kube/cluster.ts';
import type { Key } from '../../kube/reconciler.ts';
import type { Prober } from '../../probes/prober.ts';
import { resourceOf } from '../resources.ts';
import { type ControlPlaneSight, lookAtControlPlane, UNASKED } from './control-plane.ts';
import type { NodeWatch } from './node-watch.ts';
import { type PlannedProbe, planProbes } from './probe-plan.ts';

/** A RegionHealth as it is asked for. */
export type Subject =
  | { readonly kind: 'gone' }
  | {
      readonly kind: 'invalid';
      readonly object: KubeObject;
      readonly generation: number;
      readonly status: RegionHealthStatus;
      readonly message: string;
    }
  | ValidSubject;

export interface ValidSubject {
  readonly kind: 'valid';
  readonly object: KubeObject;
  readonly generation: number;
  readonly spec: RegionHealthSpec;
  readonly status: RegionHealthStatus;
  readonly rules: HealthRules;
  readonly probes: readonly PlannedProbe[];
}

/** What was seen in one observation. */
export interface Sights {
  /** When the observation began. */
  readonly at: Tick;
  readonly access: ClusterAccess;
  readonly controlPlane: ControlPlaneSight;
  readonly probes: readonly { readonly probe: PlannedProbe; readonly outcome: ProbeOutcome }[];
}

/** @throws KubeError when the objective cluster cannot be read */
export async function readSubject(key: Key, objective: Cluster, signal: AbortSignal): Promise<Subject> {
  const object = await objective.get(resourceOf(regionHealthKind), key, signal);
  if (object === undefined || object.metadata.deletionTimestamp !== undefined) return { kind: 'gone' };
  const parsed = parseResource(object, { spec: regionHealthSpec, status: regionHealthStatus });
  const { generation } = parsed;
  const before = regionHealthStatus.safeParse(object['status'] ?? {});
  const status = before.success ? before.data : {};
  const invalid = (message: string): Subject => ({ kind: 'invalid', object, generation, status, message });
  if (parsed.kind === 'invalid') return invalid(parsed.message);
  const { spec } = parsed;
  const rules = rulesOf(spec);
  if (rules.kind === 'invalid') return invalid(rules.message);
  const plan = planProbes(spec);
  if (plan.kind === 'invalid') return invalid(plan.message);
  return { kind: 'valid', object, generation, spec, status, rules: rules.rules, probes: plan.probes };
}

export interface LookDeps {
  readonly clock: Clock;
  readonly probes: Prober;
}

/**
 * Asks control plane and probes side by side; takes no longer than the longest
 * of their deadlines, however dead the region is.
 * @param watch of the region's nodes; undefined when there is no client
 */
export async function look(
  subject: ValidSubject,
  access: ClusterAccess,
  watch: NodeWatch | undefined,
  { clock, probes: prober }: LookDeps,
  signal: AbortSignal,
): Promise<Sights> {
  const { rules } = subject;
  const at = clock.tick();
  const [controlPlane, probes] = await Promise.all([
    access.kind === 'unavailable' || watch === undefined
      ? unasked(access)
      : lookAtControlPlane(watch, clock, rules.controlPlanePatience, signal),
    Promise.all(subject.probes.map((probe) => ask(probe, prober, rules.probePatience, signal))),
  ]);
  return { at, access, controlPlane, probes };
}

async function ask(probe: PlannedProbe, prober: Prober, patience: Millis, signal: AbortSignal) {
  return { probe, outcome: await prober(probe.target, patience, signal) };
}

function unasked(access: ClusterAccess): ControlPlaneSight {
  const detail = access.kind === 'unavailable' ? access.message : 'there is no client yet';
  return { ...UNASKED, kind: 'silent', detail };
}
