/** Metrics of the machinery: API requests, watches, queues, leadership, Events. */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import { toSeconds } from '../domain/time.ts';
import type { ClientObserver, ReconcileObserver } from '../kube/observers.ts';
import { REQUEST_BUCKETS, STEP_BUCKETS } from './buckets.ts';

export interface MachineryMetrics {
  readonly client: ClientObserver;
  readonly reconciles: ReconcileObserver;
  leading(isLeader: boolean): void;
  eventFailed(): void;
}

export function machineryMetrics(registry: Registry): MachineryMetrics {
  const registers = [registry];
  const leader = new Gauge({ name: 'antipode_leader', help: '1 while this replica leads.', registers });
  const lostEvents = new Counter({
    name: 'antipode_events_failed_total',
    help: 'Kubernetes Events that could not be written.',
    registers,
  });
  return {
    client: clientMetrics(registers),
    reconciles: queueMetrics(registers),
    leading: (isLeader) => leader.set(isLeader ? 1 : 0),
    eventFailed: () => lostEvents.inc(),
  };
}

function clientMetrics(registers: Registry[]): ClientObserver {
  const requests = new Histogram({
    name: 'antipode_client_request_duration_seconds',
    help: 'Requests to Kubernetes API servers, retries included.',
    labelNames: ['cluster', 'verb', 'code'],
    buckets: REQUEST_BUCKETS,
    registers,
  });
  const restarts = new Counter({
    name: 'antipode_client_watch_restarts_total',
    help: 'Watches started anew, by reason.',
    labelNames: ['cluster', 'kind', 'reason'],
    registers,
  });
  return {
    request: ({ cluster, verb, code, millis }) =>
      requests.observe({ cluster, verb, code }, toSeconds(millis)),
    watchRestart: (restart) => restarts.inc({ ...restart }),
  };
}

function queueMetrics(registers: Registry[]): ReconcileObserver {
  const labelNames = ['queue'];
  const depth = new Gauge({
    name: 'antipode_queue_depth',
    help: 'Keys waiting to be reconciled.',
    labelNames,
    registers,
  });
  const adds = new Counter({
    name: 'antipode_queue_adds_total',
    help: 'Keys added to the queue.',
    labelNames,
    registers,
  });
  const retries = new Counter({
    name: 'antipode_queue_retries_total',
    help: 'Keys put back after a failure.',
    labelNames,
    registers,
  });
  const waits = new Histogram({
    name: 'antipode_queue_wait_seconds',
    help: 'Time keys waited in the queue.',
    labelNames,
    buckets: REQUEST_BUCKETS,
    registers,
  });
  const reconciles = new Histogram({
    name: 'antipode_reconcile_duration_seconds',
    help: 'Time reconciles took.',
    labelNames: ['queue', 'result'],
    buckets: STEP_BUCKETS,
    registers,
  });
  return {
    depth: (queue, length) => depth.set({ queue }, length),
    added: (queue) => adds.inc({ queue }),
    retried: (queue) => retries.inc({ queue }),
    reconciled({ queue, result, waited, took }) {
      waits.observe({ queue }, toSeconds(waited));
      reconciles.observe({ queue, result }, toSeconds(took));
    },
  };
}
