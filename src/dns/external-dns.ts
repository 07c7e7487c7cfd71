/**
 * Announcing names to external-dns: one ExternalName Service per record in the
 * objective cluster, whose annotations say what the name answers. Changing the
 * annotation is the failover of a name. external-dns in the objective cluster
 * is the only writer of DNS; nothing here deletes anything, and a Service that
 * is not ours is never changed.
 */
import { createHash } from 'node:crypto';
import { textAt } from '../api/fields.ts';
import type { KubeObject } from '../api/object.ts';
import { FIELD_MANAGER, SCENARIO_LABEL, scenarioLabel } from '../api/ownership.ts';
import { parseTarget, type Target } from '../domain/dns/address.ts';
import {
  announcementProblem,
  type Desired,
  type DnsRecord,
  desiredOf,
  type Side,
  valuesOf,
} from '../domain/dns/desired.ts';
import type { Cluster, ClusterAccess } from '../kube/cluster.ts';
import { loadBalancerAddresses, SERVICE } from './load-balancer.ts';

/**
 * external-dns reads one prefix and ignores the other: up to 0.21 the first by
 * default, from 0.22 the second, without falling back. Both always say the same.
 */
export const ANNOTATION_PREFIXES = [
  'external-dns.alpha.kubernetes.io/',
  'external-dns.kubernetes.io/',
] as const;
/** Hash of the hostname, by which the Service of a name is found in any namespace. */
export const RECORD_LABEL = 'antipode.dev/dns-record';
/** On the Service: the region that the name answers with. It outlives executions, scenarios and what status remembers. */
export const REGION_ANNOTATION = 'antipode.dev/region';
/** ExternalName Services must name something; the annotation `target` overrides it. RFC 2606 keeps `.invalid` free. */
const PLACEHOLDER = 'see-annotations.invalid';

export interface AnnounceRequest {
  readonly scenario: { readonly namespace: string; readonly name: string };
  readonly record: DnsRecord;
  readonly side: Side;
  /** Name of that side's region. */
  readonly regionName: string;
  /** The cluster of that side's region, for addresses taken from a Service there. */
  readonly region: ClusterAccess;
}

export type AnnounceResult =
  | {
      readonly kind: 'announced';
      readonly desired: Desired;
      /** The Service as external-dns names it: `service/<namespace>/<name>`. */
      readonly resource: string;
      /** Whether it said another answer until now, which is then what is still served. */
      readonly isChanged: boolean;
    }
  /** No address is known yet: worth another try. Nothing was written. */
  | { readonly kind: 'waiting'; readonly message: string }
  /** Must not be announced as it is. Nothing was written. */
  | { readonly kind: 'refused'; readonly message: string };

export interface Announcer {
  /**
   * Makes the record's Service say what the name answers on that side.
   * Idempotent, and writes nothing when it says so already.
   * @throws KubeError
   */
  announce(request: AnnounceRequest, signal: AbortSignal): Promise<AnnounceResult>;
}

/** What the Service of a name says now. */
export interface AnnouncedName {
  readonly hostname: string;
  /** Name of the Service, in the scenario's namespace. */
  readonly service: string;
  /** Undefined when an earlier version made the Service. */
  readonly region: string | undefined;
  readonly targets: readonly Target[];
}

export function externalDnsAnnouncer(objective: Cluster): Announcer {
  return { announce: (request, signal) => announce(objective, request, signal) };
}

async function announce(
  objective: Cluster,
  request: AnnounceRequest,
  signal: AbortSignal,
): Promise<AnnounceResult> {
  const { scenario, record, side, regionName, region } = request;
  const { service, addresses: fixed } = record[side];
  const found =
    service === undefined
      ? { kind: 'addresses' as const, addresses: fixed ?? [] }
      : await loadBalancerAddresses(region, service, signal);
  if (found.kind === 'waiting') return found;
  const result = desiredOf(record, found.addresses);
  if (result.kind === 'empty') return { kind: 'waiting', message: result.message };
  if (result.kind === 'refused') return result;
  const { desired } = result;
  const wanted = announcement(scenario, desired, regionName);
  const name = wanted.metadata.name;
  const [existing, holders] = await Promise.all([
    objective.get(SERVICE, { namespace: scenario.namespace, name }, signal),
    objective.list(SERVICE, { labelSelector: `${RECORD_LABEL}=${hashOf(desired.hostname)}` }, signal),
  ]);
  const problem = conflict(request, desired, existing, holders.items);
  if (problem !== undefined) return { kind: 'refused', message: problem };
  if (existing === undefined || !says(existing, wanted)) {
    // Without force for a new one: if somebody makes a Service of this name in between, it is left alone.
    await objective.apply(wanted, { fieldManager: FIELD_MANAGER, force: existing !== undefined }, signal);
  }
  const isChanged =
    existing !== undefined && valuesOf(announcedTargets(existing)) !== valuesOf(desired.targets);
  return { kind: 'announced', desired, resource: `service/${scenario.namespace}/${name}`, isChanged };
}

const hashOf = (hostname: string): string => createHash('sha256').update(hostname).digest('hex').slice(0, 10);

/** `antipode-shop-example-com-1a2b3c4d5e`: readable, at most 63 characters, different for every hostname. */
export function serviceName(hostname: string): string {
  const readable = hostname
    .replace('*', 'any')
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, 42);
  return `antipode-${readable.replace(/-+$/, '')}-${hashOf(hostname)}`;
}

/**
 * The Service that makes external-dns publish `desired`.
 * @param region the region that these are the answer of
 */
export function announcement(
  scenario: AnnounceRequest['scenario'],
  desired: Desired,
  region: string,
): KubeObject {
  const content = {
    hostname: desired.hostname,
    target: desired.targets.map((target) => target.value).join(','),
    ttl: String(desired.ttl),
  };
  const annotations = Object.fromEntries(
    ANNOTATION_PREFIXES.flatMap((prefix) =>
      Object.entries(content).map(([key, value]) => [prefix + key, value]),
    ),
  );
  const alias = desired.targets.find((target) => target.type === 'CNAME');
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      namespace: scenario.namespace,
      name: serviceName(desired.hostname),
      labels: { [SCENARIO_LABEL]: scenarioLabel(scenario), [RECORD_LABEL]: hashOf(desired.hostname) },
      annotations: { ...annotations, [REGION_ANNOTATION]: region },
    },
    spec: { type: 'ExternalName', externalName: alias?.value ?? PLACEHOLDER },
  };
}

/** Whether a live Service already carries every label and annotation of `wanted`, and its spec. */
function says(existing: KubeObject, wanted: KubeObject): boolean {
  return (
    includes(existing.metadata.labels, wanted.metadata.labels) &&
    includes(existing.metadata.annotations, wanted.metadata.annotations) &&
    textAt(existing, 'spec', 'type') === 'ExternalName' &&
    textAt(existing, 'spec', 'externalName') === textAt(wanted, 'spec', 'externalName')
  );
}

type Texts = Readonly<Record<string, string>>;
const includes = (have: Texts = {}, want: Texts = {}): boolean =>
  Object.entries(want).every(([key, value]) => have[key] === value);

/** Why the announcement must not be written; undefined when it may. */
function conflict(
  { scenario, record, side }: AnnounceRequest,
  desired: Desired,
  existing: KubeObject | undefined,
  holders: readonly KubeObject[],
): string | undefined {
  // external-dns gives a name that two Services announce the targets of both.
  const rival = holders.find((holder) => holder.metadata.namespace !== scenario.namespace);
  if (rival !== undefined) {
    const other = rival.metadata.labels?.[SCENARIO_LABEL] ?? `of namespace ${rival.metadata.namespace}`;
    return `${desired.hostname} is announced by scenario ${other} already (Service ${rival.metadata.namespace}/${rival.metadata.name}): remove the record from one of them, and that Service`;
  }
  if (existing === undefined) return undefined;
  const service = `${scenario.namespace}/${existing.metadata.name}`;
  const at = `Service ${service} of the objective cluster`;
  const owner = existing.metadata.labels?.[SCENARIO_LABEL];
  if (owner === undefined || existing.metadata.labels?.[RECORD_LABEL] !== hashOf(desired.hostname)) {
    return `${at} exists and was not made by Antipode, so ${desired.hostname} cannot be announced: rename or delete that Service`;
  }
  if (owner !== scenarioLabel(scenario)) {
    return `${desired.hostname} is announced by scenario ${owner} already (${at}): remove the record from one of them, and that Service`;
  }
  const announced = { service, targets: announcedTargets(existing) };
  return announcementProblem(record, side, desired.targets, announced);
}

/** The names that the Services of a scenario announce, whatever made it do so. @throws KubeError */
export async function announcedNames(
  objective: Cluster,
  scenario: AnnounceRequest['scenario'],
  signal: AbortSignal,
): Promise<readonly AnnouncedName[]> {
  const { namespace } = scenario;
  const labelSelector = `${SCENARIO_LABEL}=${scenarioLabel(scenario)},${RECORD_LABEL}`;
  const { items } = await objective.list(SERVICE, { namespace, labelSelector }, signal);
  return items.flatMap((service) => {
    const hostname = said(service, 'hostname');
    const region = service.metadata.annotations?.[REGION_ANNOTATION];
    const targets = announcedTargets(service);
    return hostname === undefined ? [] : [{ hostname, service: service.metadata.name, region, targets }];
  });
}

/** In the prefix written last of the two. */
const said = (service: KubeObject, what: string): string | undefined =>
  service.metadata.annotations?.[`${ANNOTATION_PREFIXES[1]}${what}`];

/** What the Service says now. */
function announcedTargets(existing: KubeObject): readonly Target[] {
  return (said(existing, 'target') ?? '')
    .split(',')
    .map(parseTarget)
    .filter((target) => target !== undefined);
}
