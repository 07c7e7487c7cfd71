/**
 * The part of the operator that watches regions, running in the test's own
 * process on the lab's objective cluster: real clients, informers, queue, probes.
 */
import type { Lab, LabCluster } from '../../../hack/lab/types.ts';
import { API_VERSION } from '../../../src/api/v1alpha1/common.ts';
import {
  type RegionHealthStatus,
  regionHealthKind,
  regionHealthStatus,
  type Verdict,
} from '../../../src/api/v1alpha1/region-health.ts';
import { systemClock } from '../../../src/clock.ts';
import { regionHealthReconciler } from '../../../src/controllers/region-health/controller.ts';
import { resourceOf } from '../../../src/controllers/resources.ts';
import type { Cluster } from '../../../src/kube/cluster.ts';
import { createCluster } from '../../../src/kube/cluster-client.ts';
import { runController } from '../../../src/kube/controller-loop.ts';
import { unobservedClient, unobservedReconciles } from '../../../src/kube/observers.ts';
import { startRegionClusters } from '../../../src/kube/region-clusters.ts';
import { createWorkQueue } from '../../../src/kube/work-queue.ts';
import { proberFor } from '../../../src/probes/prober.ts';
import { applyCrds } from '../api/kubectl.ts';
import { connect, quiet } from '../connect.ts';

export const NAMESPACE = 'antipode-health';
const never = new AbortController().signal;
const [clock, random] = [systemClock, Math.random];

export interface Observer {
  /** Every verdict that was published of a region, in order, repetitions left out. */
  verdicts(name: string): readonly Verdict[];
  /** `reason: message` of every Event about a region. */
  events(name: string): readonly string[];
  /** Rounds that were made of a region so far. */
  rounds(name: string): number;
  status(name: string): Promise<RegionHealthStatus>;
  /** Applies a RegionHealth. */
  put(name: string, spec: object): Promise<void>;
  secret(name: string, kubeconfig: string): Promise<void>;
  stop(): Promise<void>;
}

export async function startObserver(lab: Lab): Promise<Observer> {
  await applyCrds(lab.objective);
  const objective = await connect(lab.objective);
  const namespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } };
  await objective.apply(namespace, { fieldManager: 'test' }, never);
  const stop = new AbortController();
  const queue = createWorkQueue({ name: 'regions', clock, random, observer: unobservedReconciles });
  const log = quiet;
  const clusters = startRegionClusters(
    {
      objective,
      namespace: NAMESPACE,
      clock,
      log,
      connect: (connection, name) =>
        createCluster(connection, { name, clock, random, log, observer: unobservedClient }),
      onChange: (name) => queue.add(name),
    },
    stop.signal,
  );
  await clusters.synced(stop.signal);
  const seen = {
    verdicts: new Map<string, Verdict[]>(),
    events: new Map<string, string[]>(),
    rounds: new Map<string, number>(),
  };
  const reconcile = regionHealthReconciler({
    objective,
    clusters,
    clock,
    log,
    events: {
      record: ({ metadata: { name } }, _type, reason, message) =>
        seen.events.set(name, [...(seen.events.get(name) ?? []), `${reason}: ${message}`]),
    },
    probes: proberFor(clock),
    observer: {
      region: (name, verdict) => {
        const before = seen.verdicts.get(name) ?? [];
        if (before.at(-1) !== verdict) seen.verdicts.set(name, [...before, verdict]);
      },
      zone: () => undefined,
      forgetRegion: (name) => seen.verdicts.delete(name),
    },
    observerName: 'objective',
    lifetime: stop.signal,
  });
  const counting: typeof reconcile = async (key, signal) => {
    const next = await reconcile(key, signal);
    seen.rounds.set(key.name, (seen.rounds.get(key.name) ?? 0) + 1);
    return next;
  };
  const running = runController(
    { name: 'regions', queue, workers: 4, reconcile: counting, log, clock, observer: unobservedReconciles },
    stop.signal,
  );
  return {
    verdicts: (name) => seen.verdicts.get(name) ?? [],
    events: (name) => seen.events.get(name) ?? [],
    rounds: (name) => seen.rounds.get(name) ?? 0,
    status: (name) => statusOf(objective, name),
    put: async (name, spec) => {
      await objective.apply(
        { apiVersion: API_VERSION, kind: 'RegionHealth', metadata: { name }, spec },
        { fieldManager: 'test' },
        never,
      );
    },
    secret: async (name, kubeconfig) => {
      const data = { kubeconfig: Buffer.from(kubeconfig).toString('base64') };
      const metadata = { name, namespace: NAMESPACE };
      await objective.apply(
        { apiVersion: 'v1', kind: 'Secret', metadata, data },
        { fieldManager: 'test' },
        never,
      );
    },
    stop: async () => {
      stop.abort();
      await running;
      await lab.objective.kubectl(['delete', 'regionhealths', '--all', '--ignore-not-found']);
      await lab.objective.kubectl(['-n', NAMESPACE, 'delete', 'secrets', '--all', '--ignore-not-found']);
      await objective.close();
    },
  };
}

async function statusOf(objective: Cluster, name: string): Promise<RegionHealthStatus> {
  const object = await objective.get(resourceOf(regionHealthKind), { name }, never);
  return regionHealthStatus.parse(object?.['status'] ?? {});
}

/** A RegionHealth's spec for one of the lab's regions, quick enough for tests, with a probe for each zone. */
export function specFor(cluster: LabCluster, secretName: string): object {
  return {
    region: cluster.region,
    clusterRef: { secretName },
    interval: '1s',
    probeTimeout: '1s',
    probes: cluster.zones.map((zone) => ({ name: zone.name, zone: zone.name, http: { url: zone.probeUrl } })),
    failure: { zones: 2, for: '5s', recoverAfter: '8s' },
  };
}
