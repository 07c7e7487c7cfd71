/** Joins the parts of the operator and runs them: wiring, nothing else. */

import { setMaxListeners } from 'node:events';
import { drExecutionReconciler } from './controllers/dr-execution/controller.ts';
import { createHookRuns } from './controllers/dr-execution/hook-runs.ts';
import { createCaptures } from './controllers/dr-scenario/capture/captures.ts';
import { runCapture } from './controllers/dr-scenario/capture/run-capture.ts';
import { drScenarioReconciler } from './controllers/dr-scenario/controller.ts';
import { createReviews } from './controllers/dr-scenario/feasibility/feasible-reviews.ts';
import { createFinds } from './controllers/dr-scenario/points/finds.ts';
import { createGarbage } from './controllers/dr-scenario/points/garbage.ts';
import { createStandbys } from './controllers/dr-scenario/standby/standbys.ts';
import { LONGEST_READ } from './controllers/long-read.ts';
import { objectiveRegionReader } from './controllers/objective-region.ts';
import { regionHealthReconciler } from './controllers/region-health/controller.ts';
import { authority } from './dns/authoritative.ts';
import { externalDnsAnnouncer } from './dns/external-dns.ts';
import { hostResolver } from './dns/resolve-host.ts';
import { type Clock, millis, minutes, seconds } from './domain/time.ts';
import { createEngines } from './engines/engines.ts';
import { clusterLimits } from './engines/native/restore/cluster-limits.ts';
import { createMirrors } from './engines/native/source/mirrors.ts';
import { importVeleroBackup } from './engines/velero/backup/import.ts';
import type { Random } from './kube/backoff.ts';
import type { Cluster, Clusters } from './kube/cluster.ts';
import { createCluster } from './kube/cluster-client.ts';
import { clusterUid } from './kube/cluster-uid.ts';
import { RUN_DEADLINE, runController } from './kube/controller-loop.ts';
import { createEventRecorder } from './kube/event-recorder.ts';
import type { Connection } from './kube/kubeconfig.ts';
import { type Leadership, runAsLeader } from './kube/leader-election.ts';
import { leaseLock } from './kube/lease-lock.ts';
import type { Log } from './kube/log.ts';
import type { Reconcile } from './kube/reconciler.ts';
import { startRegionClusters } from './kube/region-clusters.ts';
import type { RenewableCluster } from './kube/renewable-cluster.ts';
import { secretReader } from './kube/secrets.ts';
import { createWorkQueue, type WorkQueue } from './kube/work-queue.ts';
import { createMetrics, type Metrics } from './metrics/metrics.ts';
import type { Options } from './options.ts';
import { proberFor } from './probes/prober.ts';
import { serve } from './server/http.ts';
import { createStores } from './store/stores.ts';
import { type Queues, startTriggers } from './triggers.ts';

export interface Ambient {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  /** Those of the process for files and for looking up names of hosts. */
  readonly threads: number;
}

/** Time one query to one authoritative DNS server may take. */
const DNS_QUERY_TIMEOUT = seconds(2);
/** Moving the data of large volumes takes hours. */
const CAPTURE_DEADLINE = minutes(6 * 60);
/** Of one review of feasibility, or one look into a store: most of it may be the store's. */
const REVIEW_DEADLINE = millis(LONGEST_READ + RUN_DEADLINE);
/** Of one look at a standby; the first one writes the whole application. */
const STANDBY_DEADLINE = minutes(15);
/** Of the hooks of one step after a restore; each has a limit of its own, which the user sets. */
const HOOKS_DEADLINE = minutes(6 * 60);
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
  const connect = (to: Connection, name: string): RenewableCluster =>
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
  readonly connect: (connection: Connection, name: string) => RenewableCluster;
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
    reviews: queue('reviews'),
    captures: queue('captures'),
    standbys: queue('standbys'),
    garbage: queue('garbage'),
    finds: queue('finds'),
    hooks: queue('hooks'),
  };
  const triggers = startTriggers(running.objective, queues, signal);
  const clusters = startRegionClusters(
    { ...running, namespace: options.namespace, onChange: (region) => triggers.regionChanged(region) },
    signal,
  );
  await Promise.all([triggers.synced(signal), clusters.synced(signal)]);
  onSynced();
  const objectiveUid = await clusterUid(running.objective, log, signal);
  const reconcilers = createReconcilers(options, { ...running, objectiveUid }, clusters, queues);
  const run = (name: keyof typeof queues, workers: number, runDeadline = RUN_DEADLINE) =>
    runController(
      { name, queue: queues[name], workers, reconcile: reconcilers[name], log, clock, observer, runDeadline },
      signal,
    );
  await Promise.all([
    run('regions', 16),
    run('scenarios', 8),
    run('executions', 8),
    run('reviews', 4, REVIEW_DEADLINE),
    run('captures', 8, CAPTURE_DEADLINE),
    run('standbys', 2, STANDBY_DEADLINE),
    run('garbage', 2),
    run('finds', 2, REVIEW_DEADLINE),
    run('hooks', 8, HOOKS_DEADLINE),
  ]);
}

/** Reviews, captures, standbys, garbage and finds are triggered by scenarios alone, hooks by executions, not by what is watched. */
interface AllQueues extends Queues {
  readonly reviews: WorkQueue;
  readonly captures: WorkQueue;
  readonly standbys: WorkQueue;
  readonly garbage: WorkQueue;
  readonly finds: WorkQueue;
  readonly hooks: WorkQueue;
}

interface Knowing extends Running {
  readonly objectiveUid: string | undefined;
}

function createReconcilers(
  options: Options,
  { clock, random, log, threads, metrics, objective, objectiveUid, leadership }: Knowing,
  clusters: Clusters,
  queues: AllQueues,
): Readonly<Record<keyof AllQueues, Reconcile>> {
  const secrets = secretReader(objective, options.namespace);
  const stores = createStores(options.storeDir, { secrets, clock, random, threads });
  const limits = clusterLimits(clock);
  const mirrors = createMirrors({ clock, log }, leadership.signal);
  const engines = createEngines({ stores, clusters, clock, log, limits, mirrors, objective: objectiveUid });
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
    engine: engines.of,
    engines,
    announcer: externalDnsAnnouncer(objective),
  };
  const reviews = createReviews({ ...common, ...queues });
  const assertLeading = (): void => leadership.assertLeading();
  const standbys = createStandbys({ ...common, ...queues, limits, assertLeading });
  const garbage = createGarbage({ ...common, ...queues });
  const finds = createFinds({ ...common, ...queues });
  const captures = createCaptures({
    ...queues,
    clock,
    run: (wish, signal) => runCapture(wish, { ...common, assertLeading }, signal),
  });
  const hooks = createHookRuns({ ...queues, clock });
  return {
    hooks: hooks.reconcile,
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
      captures,
      reviews,
      standbys,
      garbage,
      finds,
      assertLeading,
    }),
    captures: captures.reconcile,
    reviews: reviews.reconcile,
    standbys: standbys.reconcile,
    garbage: garbage.reconcile,
    finds: finds.reconcile,
    executions: drExecutionReconciler({
      ...common,
      authority: authority({ timeout: DNS_QUERY_TIMEOUT }),
      resolveHost: hostResolver({ timeout: DNS_QUERY_TIMEOUT }),
      storePlace: (spec) => stores.place(spec),
      importBackup: (name, scenario, spec, signal) =>
        importVeleroBackup({ store: stores.at(stores.place(spec)), clock }, name, scenario, spec, signal),
      observer: metrics,
      hooks,
      assertLeading,
      lifetime: leadership.signal,
    }),
  };
}
