/**
 * Which names of a scenario answer with another region than its source: a
 * failover has moved them and did not end well, or was before this scenario
 * was created. Nobody but a person can say where the workload is to be then, so
 * such names are left alone, and nothing is captured of a source that they have
 * left. What a name's Service says goes before what journals say. Pure.
 */
import type { KubeObject } from '../../../api/object.ts';
import { SCENARIO_LABEL, scenarioLabel } from '../../../api/ownership.ts';
import type { DnsRecordSpec, DRScenarioSpec } from '../../../api/v1alpha1/dr-scenario.ts';
import { type AnnouncedName, REGION_ANNOTATION } from '../../../dns/external-dns.ts';
import { desiredOf } from '../../../domain/dns/desired.ts';
import { dnsStepId } from '../../../domain/execution/plan.ts';
import { currentAsOf } from '../../../domain/protection/point-age.ts';
import { fromRfc3339 } from '../../../domain/time.ts';
import { type ExecutionView, isEnded, type ScenarioWorld } from '../world.ts';

export interface NameAway {
  readonly hostname: string;
  /** The region it answers with; undefined when that is not known. */
  readonly region: string | undefined;
  /** Name of its Service; undefined when that is gone. */
  readonly service: string | undefined;
  /** The execution that has moved it, when that is still there. */
  readonly execution: string | undefined;
}

export function namesAway(world: ScenarioWorld, spec: DRScenarioSpec): readonly NameAway[] {
  return spec.dns.records.flatMap((record) => {
    const { hostname } = record;
    const announced = world.names.get(hostname);
    const move = newestMove(world, hostname);
    const known = placeOf(record, spec, announced, move);
    const place = known ?? (isDoubtful(world, announced) ? { region: undefined } : spec.source);
    if (place.region === spec.source.region) return [];
    return [{ hostname, region: place.region, service: announced?.service, execution: move?.name }];
  });
}

/** The region that a name answers with; undefined when nothing tells. */
function placeOf(
  record: DnsRecordSpec,
  { source, recovery }: DRScenarioSpec,
  announced: AnnouncedName | undefined,
  move: Move | undefined,
): { readonly region: string } | undefined {
  if (announced?.region !== undefined) return { region: announced.region };
  if (announced !== undefined && answers(announced, record, 'source')) return source;
  if (announced !== undefined && answers(announced, record, 'recovery')) return recovery;
  return move;
}

/** A new scenario over the Service of an earlier version, which does not say whose answer it has. */
const isDoubtful = ({ parsed }: ScenarioWorld, announced: AnnouncedName | undefined): boolean =>
  announced !== undefined && announced.region === undefined && parsed.status.activeRegion === undefined;

/** As far as it can be told without asking a region for the addresses of a Service. */
function answers({ targets }: AnnouncedName, record: DnsRecordSpec, side: 'source' | 'recovery'): boolean {
  const result = desiredOf(record, record[side].addresses ?? []);
  if (result.kind !== 'desired') return false;
  const said = new Set(targets.map(({ value }) => value));
  return (
    said.size === result.desired.targets.length &&
    result.desired.targets.every(({ value }) => said.has(value))
  );
}

interface Move {
  readonly name: string;
  readonly region: string;
}

/** The newest execution that has announced the name elsewhere, by its journal. */
function newestMove(world: ScenarioWorld, hostname: string): Move | undefined {
  return world.executions
    .filter((execution) => counts(execution, world) && hasMoved(execution, hostname))
    .toSorted((a, b) => (a.status.startedAt ?? '').localeCompare(b.status.startedAt ?? ''))
    .flatMap(({ name, status: { plan } }) =>
      plan === undefined ? [] : [{ name, region: plan.recoveryRegion }],
    )
    .at(-1);
}

const hasMoved = ({ status }: ExecutionView, hostname: string): boolean =>
  status.steps?.some(
    ({ id, phase, appliedAt }) =>
      id === dnsStepId(hostname) && (phase === 'Succeeded' || appliedAt !== undefined),
  ) === true;

/** Of this scenario, or of an earlier one of its name while it knows nothing itself; and not taken back since. */
function counts(execution: ExecutionView, { object, parsed: { status } }: ScenarioWorld): boolean {
  const isOwn = execution.status.plan?.scenarioUid === object.metadata.uid;
  if (!isEnded(execution) || !(isOwn || status.activeRegion === undefined)) return false;
  // A source that was captured later has got its names back, from a version that did so by itself.
  const captured = status.recoveryPoint === undefined ? undefined : currentAsOf(status.recoveryPoint);
  const ended = fromRfc3339(execution.status.finishedAt ?? '');
  return captured === undefined || ended === undefined || captured <= ended;
}

/** Names that are told one by one; the others are counted. */
const NAMED = 3;

/** Where the names are, and what a person can do about it. */
export function describeAway(
  away: readonly NameAway[],
  { object, parsed: { status } }: ScenarioWorld,
  { source }: DRScenarioSpec,
): string {
  const more = away.length > NAMED ? `, and ${away.length - NAMED} more` : '';
  const where = away.slice(0, NAMED).map(describeName).join(', ') + more;
  const forward =
    status.activeRegion === undefined
      ? 'This scenario knows of no failover: if they are to stay there, exchange source and recovery in its spec, of the regions and of each record.'
      : 'To finish the failover, create another DRExecution: it goes on from what is there.';
  const back = [...(away.some(isHeld) ? [annotating(object, source.region)] : []), ...forgetting(away)];
  const home = `To go back to ${source.region}, see first that the workload runs there as it should, then ${back.join(', and ')}.`;
  return `${where}: names are left where they are, and nothing is captured from ${source.region}, until a person decides. ${forward} ${home}`;
}

const describeName = ({ hostname, region = 'an unknown region', execution }: NameAway): string =>
  `${hostname} answers with ${region}${execution === undefined ? '' : ` since DRExecution ${execution}`}`;

const isHeld = ({ service }: NameAway): boolean => service !== undefined;

function annotating({ metadata: { namespace = '', name } }: KubeObject, region: string): string {
  const label = `${SCENARIO_LABEL}=${scenarioLabel({ namespace, name })}`;
  return `in the objective cluster: kubectl -n ${namespace} annotate service -l ${label} --overwrite ${REGION_ANNOTATION}=${region}`;
}

/** Without its Service, a name is where the last execution has put it, as long as that is there. */
function forgetting(away: readonly NameAway[]): readonly string[] {
  const executions = away.flatMap((name) => (isHeld(name) ? [] : (name.execution ?? [])));
  return executions.length === 0 ? [] : [`delete DRExecution ${[...new Set(executions)].join(', ')}`];
}
