/**
 * `antipode plan`: what a change of a scenario would do, before it is
 * applied. Reads, and asks the API server by a dry-run; changes nothing. Both
 * graphs are read from the source as it is now, so that what differs is the
 * doing of the change alone; where that cannot be, the plan says so.
 */

import {
  type DRExecutionStatus,
  drExecutionKind,
  drExecutionSpec,
  drExecutionStatus,
} from '../api/v1alpha1/dr-execution.ts';
import type { DRScenarioSpec } from '../api/v1alpha1/dr-scenario.ts';
import { parseResource } from '../api/v1alpha1/parse.ts';
import { resourceOf } from '../controllers/resources.ts';
import { hostnamesOf } from '../domain/dns/desired.ts';
import { type Forecast, planDiff } from '../domain/graph/diff/plan-diff.ts';
import type { Style } from '../domain/graph/render/style.ts';
import { specRejections } from '../domain/protection/acceptance.ts';
import { measuredDurations } from '../domain/protection/durations.ts';
import { forecast } from '../domain/protection/forecast.ts';
import { planFindings } from '../domain/protection/plan-findings.ts';
import { KubeError } from '../kube/errors.ts';
import { explainFailure, type Outcome, problem } from './outcome.ts';
import { compareGraphs } from './plan-graphs.ts';
import { type Plan, planJson, planText } from './plan-text.ts';
import { readScenario, type Scenario, type ScenarioKey } from './read-scenario.ts';
import type { ScenarioFile } from './scenario-file.ts';
import { REGIONS, type SourceDeps } from './source-graph.ts';
import { specDiff } from './spec-diff.ts';

export const PLAN_FORMATS = ['text', 'json'] as const;
export type PlanFormat = (typeof PLAN_FORMATS)[number];

/** Field manager of the dry-run; never stored anywhere. */
const FIELD_MANAGER = 'antipode-plan';

export interface PlanDeps extends SourceDeps {
  readonly style: Style;
}

/** @throws KubeError when the objective cluster cannot be read */
export async function plan(
  file: Extract<ScenarioFile, { kind: 'scenario' }>,
  format: PlanFormat,
  deps: PlanDeps,
  signal: AbortSignal,
): Promise<Outcome> {
  const { name, namespace = 'default' } = file.object.metadata;
  const key = { namespace, name };
  const present = await readScenario(deps.objective, key, signal);
  const validation = await validate(file, deps, signal);
  if (validation.kind === 'refused') return problem(validation.message);
  const rejections = specRejections(file.spec);
  if (rejections.length > 0)
    return problem(`this would not be accepted: ${rejections.map(({ message }) => message).join('; ')}`);
  const before = present === undefined ? undefined : specInForce(present);
  const { executions, notes: journalNotes } = await readJournals(key, deps, signal);
  const graphs = await compareGraphs(key, { present, before, after: file.spec }, deps, signal);
  const forecasts = {
    before: forecastFor(before ?? file.spec, executions),
    after: forecastFor(file.spec, executions),
  };
  const found: Plan = {
    scenario: key,
    isNew: present === undefined,
    spec: specDiff(before, file.spec),
    transforms: graphs.kind === 'compared' ? graphs.transforms : undefined,
    graph: graphs.kind === 'compared' ? planDiff(graphs.before, graphs.after, forecasts) : undefined,
    findings:
      graphs.kind === 'compared'
        ? planFindings({ name: 'the graph of the source', ...graphs.after }, hostnamesOf(file.spec))
        : [],
    missingNamespaces: graphs.kind === 'compared' ? graphs.missingNamespaces : [],
    rpo: file.spec.objectives.rpo,
    rto: file.spec.objectives.rto,
    lastCaptureMillis: present?.status.replication?.lastCaptureMillis,
  };
  const notes = [
    ...validation.notes,
    ...inForceNotes(present),
    ...(await regionNotes(file.spec, deps, signal)),
    ...journalNotes,
    ...(graphs.kind === 'impossible' ? [] : graphs.notes),
  ];
  const text = format === 'json' ? planJson(found, notes) : planText(found, deps.style);
  return graphs.kind === 'impossible'
    ? { kind: 'problem', message: `this would not be accepted: ${graphs.message}`, text, notes }
    : { kind: 'done', text, notes };
}

interface Journals {
  readonly executions: readonly DRExecutionStatus[];
  readonly notes: readonly string[];
}

/** What earlier executions of the scenario took, as their journals say. @throws KubeError */
function readJournals({ namespace, name }: ScenarioKey, { objective }: PlanDeps, signal: AbortSignal) {
  const read = async (): Promise<Journals> => {
    const { items } = await objective.list(resourceOf(drExecutionKind), { namespace }, signal);
    const executions = items.flatMap((object) => {
      const parsed = parseResource(object, { spec: drExecutionSpec, status: drExecutionStatus });
      return parsed.kind === 'valid' && parsed.spec.scenario === name ? [parsed.status] : [];
    });
    return { executions, notes: [] };
  };
  return ifPermitted(read, (message) => ({
    executions: [],
    notes: [`what earlier executions took is not known, because you may not read them: ${message}`],
  }));
}

/** What `read` gives, or what `without` makes of it when the user may not. @throws KubeError when it is something else */
async function ifPermitted<T>(read: () => Promise<T>, without: (message: string) => T): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (error instanceof KubeError && error.code === 'Forbidden') return without(error.message);
    throw error;
  }
}

function forecastFor(spec: DRScenarioSpec, executions: readonly DRExecutionStatus[]): Forecast {
  const hostnames = hostnamesOf(spec);
  const durations = measuredDurations(executions, spec.recovery.region);
  return (units, edges) => {
    const { p50, p95, basis } = forecast({ units, edges, hostnames, durations });
    return { p50: p50.total, p95: p95.total, basis };
  };
}

type Validation =
  | { readonly kind: 'asked'; readonly notes: readonly string[] }
  | { readonly kind: 'refused'; readonly message: string };

/** Has the API server judge the file as `kubectl apply --dry-run=server` does. @throws KubeError */
async function validate(
  { object }: Extract<ScenarioFile, { kind: 'scenario' }>,
  { objective }: PlanDeps,
  signal: AbortSignal,
): Promise<Validation> {
  try {
    await objective.apply(object, { fieldManager: FIELD_MANAGER, force: true, dryRun: true }, signal);
    return { kind: 'asked', notes: [] };
  } catch (error) {
    if (!(error instanceof KubeError)) throw error;
    const mayNotAsk = error.code === 'Forbidden' && error.denial === 'rbac';
    if (mayNotAsk)
      return {
        kind: 'asked',
        notes: [`the API server was not asked to validate the file, because you may not: ${error.message}`],
      };
    if (error.code === 'Invalid' || error.code === 'Forbidden' || error.code === 'Malformed')
      return { kind: 'refused', message: `the API server refuses this scenario: ${error.message}` };
    // The kind is served, or the scenario could not have been looked for.
    if (error.code === 'NotFound')
      return {
        kind: 'refused',
        message: `${error.message}; does the namespace ${object.metadata.namespace ?? ''} exist in the objective cluster?`,
      };
    return { kind: 'refused', message: explainFailure(error) };
  }
}

const specInForce = (present: Scenario): DRScenarioSpec | undefined =>
  present.status.acceptedSpec ?? (present.kind === 'valid' ? present.spec : undefined);

function inForceNotes(present: Scenario | undefined): readonly string[] {
  const { acceptedGeneration } = present?.status ?? {};
  return present === undefined ||
    acceptedGeneration === undefined ||
    acceptedGeneration === present.generation
    ? []
    : [
        `compared with generation ${acceptedGeneration}, which is in force: generation ${present.generation} is ` +
          'not accepted (see its condition Accepted)',
      ];
}

function regionNotes(
  spec: DRScenarioSpec,
  { objective }: PlanDeps,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const { region: name } = spec.recovery;
  const read = async () =>
    (await objective.get(REGIONS, { name }, signal)) === undefined
      ? [`there is no RegionHealth ${name}, which spec.recovery.region names: create it, or correct the name`]
      : [];
  return ifPermitted<readonly string[]>(read, (message) => [
    `whether there is a RegionHealth ${name} is not known: ${message}`,
  ]);
}
