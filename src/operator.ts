/** Joins the parts of the operator and runs them: wiring, nothing else. */

import { setMaxListeners } from 'node:events';
import type { DRScenarioSpec } from './api/v1alpha1/dr-scenario.ts';
import { drExecutionReconciler } from './controllers/dr-execution/controller.ts';
import { drScenarioReconciler } from './controllers/dr-scenario/controller.ts';
import { objectiveRegionReader } from './controllers/objective-region.ts';
import { regionHealthReconciler } from './controllers/region-health/controller.ts';
import { authority } from './dns/authoritative.ts';
import { externalDnsAnnouncer } from './dns/external-dns.ts';
import { type Clock, seconds } from './domain/time.ts';
import type { Engine } from './engines/engine.ts';
import { nativeEngine } from './engines/native/engine.ts';
import type { Random } from './kube/backoff.ts';
import type { Cluster, Clusters } from './kube/cluster.ts';
import { createCluster } from './kube/cluster-client.ts';
import { runController } from './kube/controller-loop.ts';
import { createEventRecorder } from './kube/event-recorder.ts';
import type { Connection } from './kube/kubeconfig.ts';
import { type Leadership, runAsLeader } from './kube/leader-election.ts';
import { leaseLock } from './kube/lease-lock.ts';
import type { Log } from './kube/log.ts';
import type { Reconcile } from './kube/reconciler.ts';
import { startRegionClusters } from './kube/region-clusters.ts';
import { createWorkQueue, type WorkQueue } from './kube/work-queue.ts';
import { createMetrics, type Metrics } from './metrics/metrics.ts';
import type { Options } from './options.ts';
import { proberFor } from './probes/prober.ts';
import { serve } from './server/http.ts';
import { filesystemStores } from './store/stores.ts';
import { type Queues, startTriggers } from './triggers.ts';

export interface Ambient {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
}

/** Time one query to one authoritative DNS server may take. */
const DNS_QUERY_TIMEOUT = seconds(2);
const LEASE_NAME = 'antipode';

/**
 * Runs until `signal` aborts, or leadership is lost: a deposed leader ends, so
 * that nothing it had begun in memory can go on.
 * @throws what makes running impossible, such as an address that cannot be bound
 */
export async function runOperator(
  options: Options,
  connection: Connection,
  ambient: Ambient,
  signal: AbortSignal,
): Promise<void> {
  const { clock, random, log } = ambient;
  const metrics = createMetrics(clock);
  const connect = (to: Connection, name: string): Cluster =>
    createCluster(to, { name, clock, random, log, observer: metrics.client });
  const objective = connect(connection, 'objective');
  // A standby has nothing to wait for: it is ready to take over.
  const missing = new Set<string>();
  const server = await serve(options.listen, { missing: () => [...missing] }, metrics);
  log.info({ listen: server.address, objective: objective.server }, 'started');
  const election = {
    lock: leaseLock(objective, { namespace: options.namespace, name: LEASE_NAME }),
    identity: options.identity,
    timing: {
      leaseDuration: options.lease.duration,
      renewDeadline: options.lease.renewDeadline,
      retryPeriod: options.lease.retryPeriod,
    },
    ...ambient,
  };
  try {
    const lead = async (leadership: Leadership) => {
      metrics.leading(true);
      missing.add('first look at the objective cluster');
      await runControllers(options, { ...ambient, objective, metrics, connect, leadership }, () =>
        missing.clear(),
      );
    };
    await runAsLeader(election, lead, signal);
  } finally {
    metrics.leading(false);
    await server.close();
    await objective.close();
  }
}

interface Running extends Ambient {
  readonly objective: Cluster;
  readonly metrics: Metrics;
  readonly connect: (connection: Connection, name: string) => Cluster;
  readonly leadership: Leadership;
}

async function runControllers(options: Options, running: Running, onSynced: () => void): Promise<void> {
  const { clock, random, log, metrics, leadership } = running;
  const { signal } = leadership;
  // Every informer and run listens to it for as long as it works: many listeners are no leak.
  setMaxListeners(0, signal);
  const observer = metrics.reconciles;
  const queue = (name: string): WorkQueue => createWorkQueue({ name, clock, random, observer });
  const queues = {
    regions: queue('regions'),
    scenarios: queue('scenarios'),
    executions: queue('executions'),
  };
  const triggers = startTriggers(running.objective, queues, signal);
  const clusters = startRegionClusters(
    { ...running, namespace: options.namespace, onChange: (region) => triggers.regionChanged(region) },
    signal,
  );
  await Promise.all([triggers.synced(signal), clusters.synced(signal)]);
  onSynced();
  const reconcilers = createReconcilers(options, running, clusters);
  const run = (name: keyof typeof queues, workers: number) =>
    runController(
      { name, queue: queues[name], workers, reconcile: reconcilers[name], log, clock, observer },
      signal,
    );
  await Promise.all([run('regions', 16), run('scenarios', 8), run('executions', 8)]);
}

function createReconcilers(
  options: Options,
  { clock, log, metrics, objective, leadership }: Running,
  clusters: Clusters,
): Readonly<Record<keyof Queues, Reconcile>> {
  const stores = filesystemStores(options.storeDir, clock);
  const engines = new Map<string, Engine>();
  const engine = (spec: DRScenarioSpec): Engine => {
    const path = stores.path(spec);
    const known = engines.get(path) ?? nativeEngine({ store: stores.at(path), clock, log });
    engines.set(path, known);
    return known;
  };
  const events = createEventRecorder(
    { cluster: objective, clock, log, identity: options.identity, onFailed: () => metrics.eventFailed() },
    leadership.signal,
  );
  const common = {
    objective,
    clusters,
    clock,
    log,
    events,
    engine,
    announcer: externalDnsAnnouncer(objective),
  };
  const assertLeading = (): void => leadership.assertLeading();
  return {
    regions: regionHealthReconciler({
      ...common,
      probes: proberFor(clock),
      observer: metrics,
      observerName: objective.name,
      lifetime: leadership.signal,
    }),
    scenarios: drScenarioReconciler({
      ...common,
      objectiveRegion: objectiveRegionReader(objective, clock),
      metrics,
      assertLeading,
    }),
    executions: drExecutionReconciler({
      ...common,
      authority: authority({ timeout: DNS_QUERY_TIMEOUT }),
      defaultStorePath: options.storeDir,
      observer: metrics,
      assertLeading,
    }),
  };
}
