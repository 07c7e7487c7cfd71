/**
 * One zone of a cluster: its nodes, kept alive by a kwok of their own, and an
 * HTTP endpoint that stands for the workloads it serves. A zone fails by losing
 * both, and nothing else does: the controller manager then finds out by missing
 * heartbeats, as it would with real machines.
 */
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import type { ApiClient } from './api-client.ts';
import type { Component, Launcher } from './component.ts';
import { NODE_GRACE_SECONDS } from './control-plane-flags.ts';
import { holdPort, LOOPBACK } from './ports.ts';

export interface ZonePlan {
  readonly cluster: string;
  readonly region: string;
  readonly name: string;
  readonly nodes: readonly string[];
  readonly directory: string;
  readonly kubeconfig: string;
  /** Addresses of its pods, different in every zone of a lab. */
  readonly podRange: string;
  /** Stage files that say how nodes and pods behave. */
  readonly stages: readonly string[];
}

export interface Zone {
  readonly name: string;
  readonly probeUrl: string;
  readonly up: boolean;
  /**
   * @param register make its nodes known first; needs the control plane. Without,
   * nodes that are known already come back on their own, some seconds later.
   */
  start(options: { readonly register: boolean }): Promise<void>;
  kill(): Promise<void>;
}

/** Heartbeats come four times in the grace period. */
const LEASE_SECONDS = NODE_GRACE_SECONDS;
const ZONE_LABEL = 'topology.kubernetes.io/zone';

/** Takes the endpoint's port for good; `start` then brings the zone up. */
export async function createZone(
  launcher: Launcher,
  executable: string,
  plan: ZonePlan,
  api: ApiClient,
): Promise<Zone> {
  const held = await holdPort();
  let kwok: Component | undefined;
  let endpoint: Server | undefined;
  return {
    name: plan.name,
    probeUrl: `http://${LOOPBACK}:${held.port}/healthz`,
    get up() {
      return kwok?.running === true;
    },
    start: async ({ register }) => {
      if (kwok !== undefined) return;
      if (register) await registerNodes(plan, api);
      await held.release();
      endpoint = await listen(held.port);
      kwok = launcher.launch({
        name: `${plan.cluster}/kwok-${plan.name}`,
        executable,
        arguments: kwokFlags(plan),
        logPath: join(plan.directory, 'logs', `kwok-${plan.name}.log`),
        directory: plan.directory,
      });
    },
    kill: async () => {
      const [oldKwok, oldEndpoint] = [kwok, endpoint];
      kwok = undefined;
      endpoint = undefined;
      await Promise.all([oldKwok?.kill(), oldEndpoint === undefined ? undefined : close(oldEndpoint)]);
    },
  };
}

export function kwokFlags(plan: ZonePlan): string[] {
  return [
    `--kubeconfig=${plan.kubeconfig}`,
    `--manage-nodes-with-label-selector=${ZONE_LABEL}=${plan.name}`,
    `--node-lease-duration-seconds=${LEASE_SECONDS}`,
    `--node-ip=${LOOPBACK}`,
    `--cidr=${plan.podRange}`,
    ...plan.stages.map((stage) => `--config=${stage}`),
    '--v=WARN',
  ];
}

async function registerNodes(plan: ZonePlan, api: ApiClient): Promise<void> {
  await Promise.all(
    plan.nodes.map(async (name) => {
      await api.ok('POST', '/api/v1/nodes', node(plan, name), [409]);
      // A kubelet's lease is its node's and it takes it up again at once. A new kwok is a
      // stranger to the lease of a killed one and would wait until that has expired.
      await api.ok(
        'DELETE',
        `/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/${name}`,
        undefined,
        [404],
      );
    }),
  );
}

function node(plan: ZonePlan, name: string): object {
  const resources = { cpu: '16', memory: '64Gi', pods: '500', 'ephemeral-storage': '200Gi' };
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      labels: {
        'kubernetes.io/hostname': name,
        'kubernetes.io/os': 'linux',
        'kubernetes.io/arch': 'amd64',
        'topology.kubernetes.io/region': plan.region,
        [ZONE_LABEL]: plan.name,
      },
    },
    status: { allocatable: resources, capacity: resources },
  };
}

function listen(port: number): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((_request, response) => response.end('ok\n'));
    server.once('error', reject);
    server.listen(port, LOOPBACK, () => {
      server.unref();
      resolve(server);
    });
  });
}

function close(server: Server): Promise<void> {
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}
