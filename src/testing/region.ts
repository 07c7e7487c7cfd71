/** For tests: a region that can be broken, and the objective's RegionHealth objects, in memory. */
import type { KubeObject } from '../api/object.ts';
import { API_VERSION } from '../api/v1alpha1/common.ts';
import { type RegionHealthStatus, regionHealthStatus } from '../api/v1alpha1/region-health.ts';
import { millis } from '../domain/time.ts';
import type { Cluster, ClusterAccess, Informer } from '../kube/cluster.ts';
import { KubeError } from '../kube/errors.ts';
import type { Prober } from '../probes/prober.ts';

export class UnexpectedCallError extends Error {
  override readonly name = 'UnexpectedCallError';
}

/** A cluster of which every call that a test did not give is an error. */
export function partialCluster(name: string, calls: Partial<Cluster>): Cluster {
  const unexpected = (): never => {
    throw new UnexpectedCallError(`a call to ${name} that this test does not know`);
  };
  return {
    name,
    server: `${name}.test:6443`,
    discover: unexpected,
    typeFor: unexpected,
    get: unexpected,
    list: unexpected,
    apply: unexpected,
    create: unexpected,
    replace: unexpected,
    mergePatch: unexpected,
    remove: unexpected,
    refusals: () => 0,
    exec: unexpected,
    raw: unexpected,
    informer: unexpected,
    close: unexpected,
    ...calls,
  };
}

/** How a control plane behaves: answers, refuses connections, or swallows everything. */
export type ControlPlaneMode = 'up' | 'dead' | 'black-hole';

export interface TestRegion {
  controlPlane: ControlPlaneMode;
  /** Ready nodes of each zone, of three. */
  readonly ready: Map<string, number>;
  /** Names of probes that are refused. */
  readonly refusing: Set<string>;
  readonly cluster: Cluster;
  /** Calls that have not ended. */
  inFlight: number;
}

export function testRegion(name: string, region: string, zones: readonly string[]): TestRegion {
  const nodes = (): KubeObject[] =>
    [...state.ready].flatMap(([zone, ready]) => [0, 1, 2].map((index) => node(region, zone, index < ready)));
  const answer = async <T>(value: () => T, signal: AbortSignal): Promise<T> => {
    state.inFlight += 1;
    try {
      if (state.controlPlane === 'black-hole') await aborted(signal);
      if (state.controlPlane === 'dead')
        throw new KubeError('Unreachable', 'connection refused', { cluster: name });
      return value();
    } finally {
      state.inFlight -= 1;
    }
  };
  const informer: Informer = {
    get: () => undefined,
    list: nodes,
    synced: async () => undefined,
    staleness: () => millis(0),
    position: () => '1',
    refusal: () => undefined,
  };
  const state: TestRegion = {
    controlPlane: 'up',
    ready: new Map(zones.map((zone) => [zone, 3])),
    refusing: new Set(),
    inFlight: 0,
    cluster: partialCluster(name, {
      get: (_type, key, signal) =>
        answer(
          () => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { ...key, uid: `cluster-${name}` } }),
          signal,
        ),
      raw: (_path, signal) => answer(() => 'ok', signal),
      list: (_type, _options, signal) => answer(() => ({ items: nodes(), resourceVersion: '1' }), signal),
      informer: () => informer,
    }),
  };
  return state;
}

function node(region: string, zone: string, ready: boolean): KubeObject {
  const labels = { 'topology.kubernetes.io/region': region, 'topology.kubernetes.io/zone': zone };
  const conditions = [{ type: 'Ready', status: ready ? 'True' : 'Unknown' }];
  return { apiVersion: 'v1', kind: 'Node', metadata: { name: zone, labels }, status: { conditions } };
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const abort = (): void => {
      const reason: unknown = signal.reason;
      reject(reason instanceof Error ? reason : new Error('aborted'));
    };
    signal.addEventListener('abort', abort, { once: true });
  });
}

/** Probes by TCP whose host is the name of a region's probe. */
export function testProber(regions: readonly TestRegion[]): Prober {
  return async (target) => {
    const host = target.kind === 'tcp' ? target.host : target.url.hostname;
    const refused = regions.some((region) => region.refusing.has(host));
    return refused
      ? { kind: 'failed', latency: millis(1), reason: 'refused', message: 'connection refused' }
      : { kind: 'passed', latency: millis(10) };
  };
}

export interface TestObjective {
  readonly cluster: Cluster;
  /** Creates or changes the spec of a RegionHealth. */
  put(name: string, spec: object): void;
  remove(name: string): void;
  status(name: string): RegionHealthStatus;
  /** Number of times a status was written. */
  writes: number;
  /** While set, status cannot be written. */
  broken: boolean;
}

export function testObjective(): TestObjective {
  const objects = new Map<string, KubeObject>();
  const state: TestObjective = {
    writes: 0,
    broken: false,
    put: (name, spec) => {
      const generation = (objects.get(name)?.metadata.generation ?? 0) + 1;
      const metadata = { name, uid: `uid-${name}`, generation };
      const status = objects.get(name)?.['status'] ?? {};
      objects.set(name, { apiVersion: API_VERSION, kind: 'RegionHealth', metadata, spec, status });
    },
    remove: (name) => void objects.delete(name),
    status: (name) => regionHealthStatus.parse(objects.get(name)?.['status'] ?? {}),
    cluster: partialCluster('objective', {
      get: async (_type, { name }) => objects.get(name),
      apply: async (object) => {
        if (state.broken) throw new KubeError('Unreachable', 'connection refused', { cluster: 'objective' });
        state.writes += 1;
        const before = objects.get(object.metadata.name) ?? object;
        const after = { ...before, status: JSON.parse(JSON.stringify(object['status'])) as unknown };
        objects.set(object.metadata.name, after);
        return after;
      },
    }),
  };
  return state;
}

export const available = (region: TestRegion): ClusterAccess => ({
  kind: 'available',
  cluster: region.cluster,
});
