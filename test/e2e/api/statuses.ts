/** A status of each kind with every field set: what the API server gives back must equal it. */
import type { Condition } from '../../../src/api/v1alpha1/common.ts';
import type { DRExecutionStatus } from '../../../src/api/v1alpha1/dr-execution.ts';
import { type DRScenarioStatus, drScenarioSpec } from '../../../src/api/v1alpha1/dr-scenario.ts';
import type { PointStatus } from '../../../src/api/v1alpha1/dr-scenario-points.ts';
import type { StoreSpec } from '../../../src/api/v1alpha1/dr-scenario-store.ts';
import type { RegionHealthStatus } from '../../../src/api/v1alpha1/region-health.ts';
import { dnsOf, scenario } from './manifests.ts';

/** Nothing of it optional. */
type Whole<T> = T extends readonly (infer Item)[]
  ? Whole<Item>[]
  : T extends object
    ? { [Key in keyof T]-?: Whole<Exclude<T[Key], undefined>> }
    : T;

const time = '2026-01-02T03:04:05Z';

function condition(type: string): Whole<Condition> {
  return {
    type,
    status: 'True',
    observedGeneration: 1,
    lastTransitionTime: time,
    reason: 'Tested',
    message: 'Set by a test.',
  };
}

const store: Whole<StoreSpec> = {
  filesystem: { path: '/var/lib/antipode/points' },
  s3: {
    bucket: 'points',
    prefix: 'dr/antipode',
    region: 'us-east-1',
    endpoint: 'https://s3.example.com',
    forcePathStyle: true,
    credentialsSecret: 'bucket',
    caSecret: 'bucket-ca',
    encryption: { algorithm: 'aws:kms', kmsKeyId: 'key' },
  },
};

const point: Whole<PointStatus> = {
  name: 'shop-20260102-030405',
  sequence: 7,
  capturedAt: time,
  verifiedAt: time,
  confirmedAt: time,
  objects: 57,
  bytes: 5_000_000_000,
  digest: `sha256:${'0'.repeat(64)}`,
  claimsWithData: 2,
  dataRegion: 'eu-north',
  foreign: true,
  store,
};

/** The accepted spec is compared as it is; its own optional fields are the business of other tests. */
export const scenarioStatus: Whole<Omit<DRScenarioStatus, 'acceptedSpec'>> &
  Pick<DRScenarioStatus, 'acceptedSpec'> = {
  observedGeneration: 1,
  phase: 'Protected',
  activeRegion: 'eu-west',
  acceptedGeneration: 1,
  acceptedSpec: drScenarioSpec.parse(scenario(dnsOf(['192.0.2.1'], ['192.0.2.2'])).spec),
  recoveryPoint: point,
  recoveryPoints: [point],
  missingPoints: [point],
  replication: {
    lastStartedAt: time,
    lastFinishedAt: time,
    lastDurationMillis: 1234,
    lastCaptureMillis: 1234,
    lastResult: 'Succeeded',
    lastMessage: '57 objects.',
    consecutiveFailures: 0,
    nextAt: time,
    nextReason: 'the RPO of 5m holds with time for one retry',
  },
  standby: {
    region: 'eu-north',
    point: 'shop-20260102-030405',
    at: time,
    objects: 57,
    applied: 55,
    heldBack: 1,
    heldBackWhy: [{ reason: 'it would run', objects: 1 }],
    drifted: 1,
    pruned: 1,
    differences: [{ object: 'Deployment.apps/shop/web', message: 'denied by a webhook' }],
  },
  graph: {
    objects: 57,
    units: 20,
    edges: 31,
    leftOut: 12,
    longestPath: ['StatefulSet.apps/shop/db'],
    warnings: ['a doubtful dependency was not followed'],
  },
  volumes: [
    {
      claim: 'PersistentVolumeClaim/shop/data-db-0',
      strategy: 'SnapshotHandle',
      reason: 'eu-north reads snapshots of csi.example.com by their handle',
      instant: time,
    },
  ],
  rto: { achievedMillis: 12_000, predictedP50Millis: 9000, predictedP95Millis: 21_000, basis: 'mixed' },
  feasibility: {
    accepted: 40,
    notRehearsed: 17,
    findings: [
      {
        object: 'Deployment.apps/shop/web',
        reason: 'RecoveryTooSmall',
        message: '1 of 3 pods finds no room.',
        remedy: 'Add nodes.',
      },
    ],
  },
  rpo: { achievedMillis: 41_000 },
  lastExecution: { name: 'shop-1', kind: 'Failover', phase: 'Succeeded' },
  conditions: [condition('Accepted'), condition('Protected')],
};

export const regionStatus: Whole<RegionHealthStatus> = {
  observedGeneration: 1,
  verdict: 'Degraded',
  verdictSince: time,
  failingSince: time,
  message: 'One zone is failed.',
  zonesFailed: 1,
  zonesTotal: 3,
  zonesHealthy: '2/3',
  clusterUid: '7a1d2c3e-0000-4000-8000-000000000001',
  zones: [
    {
      name: 'eu-west-1a',
      state: 'Failed',
      since: time,
      nodesReady: 0,
      nodesTotal: 3,
      probesPassed: 0,
      probesTotal: 1,
      latencyMillis: 12,
      message: 'No node is ready.',
    },
  ],
  observations: [
    {
      observer: 'antipode-0',
      sequence: 9_000_000_000,
      verdict: 'Degraded',
      controlPlaneReachable: true,
      message: 'One zone is failed.',
    },
  ],
  conditions: [condition('Reachable')],
};

export const executionStatus: Whole<DRExecutionStatus> = {
  observedGeneration: 1,
  phase: 'Succeeded',
  message: 'All is well.',
  startedAt: time,
  finishedAt: time,
  plan: {
    scenarioUid: '00000000-0000-0000-0000-000000000000',
    sourceRegion: 'eu-west',
    recoveryRegion: 'eu-north',
    recoveryPoint: point.name,
    pointDigest: point.digest,
    pointCapturedAt: time,
    pointConfirmedAt: time,
    pointUnproven: 'It was not compared with the source.',
    store,
    storePath: '/var/lib/antipode/points',
    verdictAt: time,
    lostAt: time,
    sourceVerdict: 'Failed',
    stepTimeout: '5m',
    dnsTimeout: '2m',
    readiness: [{ name: 'db', match: 'true', ready: 'object.status.ok', failed: 'object.status.broken' }],
    transforms: [
      {
        name: 'north',
        match: "object.kind == 'Ingress'",
        storageClasses: [{ from: 'fast', to: 'premium' }],
        ingressClasses: [{ from: 'alb', to: 'nginx' }],
        images: [{ from: 'registry.west.example', to: 'registry.north.example' }],
        nodeLabels: [{ key: 'topology.kubernetes.io/zone', from: 'eu-west-1a', to: 'eu-north-1a' }],
        namespaces: [{ from: 'shop', to: 'shop-dr' }],
        patch: [{ op: 'add', path: '/spec/tls', value: '[]' }],
      },
    ],
    hooks: [
      {
        name: 'reindex',
        when: 'AfterRestore',
        namespace: 'shop',
        podSelector: { app: 'db' },
        container: 'db',
        command: ['reindex'],
        timeout: '30s',
        onFailure: 'Continue',
      },
    ],
  },
  steps: [
    {
      id: 'restore/StatefulSet.apps/shop/db',
      kind: 'Restore',
      phase: 'Succeeded',
      needs: ['prepare'],
      objects: 4,
      attempts: 1,
      startedAt: time,
      appliedAt: time,
      finishedAt: time,
      message: 'Ready.',
      notes: ['Service/shop/db: its node port is 31000 and no longer 30080'],
    },
  ],
  progress: '4/4',
  report: {
    achievedRpoMillis: 41_000,
    achievedRtoMillis: 12_000,
    lost: '41s',
    took: '12s',
    objectsRestored: 57,
    warnings: ['The TTL served is longer than asked for.'],
  },
  conditions: [condition('Succeeded')],
};
