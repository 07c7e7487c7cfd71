/** The record of leader election kept in a coordination.k8s.io Lease. */
import { numberAt, textAt } from '../api/fields.ts';
import type { KubeObject } from '../api/object.ts';
import { fromRfc3339, type Instant, instant, seconds, toRfc3339, toSeconds } from '../domain/time.ts';
import type { Cluster, ResourceType } from './cluster.ts';
import { KubeError } from './errors.ts';
import type { LeaseLock, LeaseRecord, ObservedLease } from './lease.ts';

const LEASE: ResourceType = {
  group: 'coordination.k8s.io',
  version: 'v1',
  resource: 'leases',
  kind: 'Lease',
  namespaced: true,
  verbs: ['get', 'create', 'update'],
};

export function leaseLock(
  cluster: Cluster,
  key: { readonly namespace: string; readonly name: string },
): LeaseLock {
  return {
    name: `${key.namespace}/${key.name}`,
    read: async (signal) => {
      const lease = await cluster.get(LEASE, key, signal);
      return lease === undefined ? undefined : observed(lease);
    },
    write: async (record, version, signal) => {
      const lease = leaseOf(record, key, version);
      const create = version === undefined;
      try {
        return observed(await (create ? cluster.create(lease, signal) : cluster.replace(lease, signal)));
      } catch (error) {
        if (error instanceof KubeError && (create ? LOST_CREATE : LOST_REPLACE).has(error.code))
          return undefined;
        throw error;
      }
    },
  };
}

const LOST_CREATE: ReadonlySet<string> = new Set(['AlreadyExists']);
/** NotFound: it was deleted since it was read. On create it would mean that the namespace is missing. */
const LOST_REPLACE: ReadonlySet<string> = new Set(['Conflict', 'NotFound']);

function leaseOf(
  record: LeaseRecord,
  { namespace, name }: { readonly namespace: string; readonly name: string },
  resourceVersion: string | undefined,
): KubeObject {
  return {
    apiVersion: 'coordination.k8s.io/v1',
    kind: 'Lease',
    metadata: resourceVersion === undefined ? { namespace, name } : { namespace, name, resourceVersion },
    spec: {
      holderIdentity: record.holder,
      leaseDurationSeconds: Math.max(1, Math.round(toSeconds(record.leaseDuration))),
      acquireTime: microTime(record.acquired),
      renewTime: microTime(record.renewed),
      leaseTransitions: record.transitions,
    },
  };
}

function observed(lease: KubeObject): ObservedLease {
  const time = (field: string): Instant => fromRfc3339(textAt(lease, 'spec', field) ?? '') ?? instant(0);
  return {
    version: lease.metadata.resourceVersion ?? '',
    record: {
      holder: textAt(lease, 'spec', 'holderIdentity') ?? '',
      leaseDuration: seconds(numberAt(lease, 'spec', 'leaseDurationSeconds') ?? 0),
      acquired: time('acquireTime'),
      renewed: time('renewTime'),
      transitions: numberAt(lease, 'spec', 'leaseTransitions') ?? 0,
    },
  };
}

/** The API wants exactly six digits of a second. */
function microTime(moment: Instant): string {
  return toRfc3339(moment).replace('Z', '000Z');
}
