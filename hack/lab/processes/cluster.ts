/**
 * One cluster as the process that owns its servers sees it: control plane,
 * zones and cloud, started and lost together or apart.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { LabError } from '../errors.ts';
import type { ClusterFacts } from '../facts.ts';
import { type ApiClient, createApiClient, listSchema } from './api-client.ts';
import { type Cloud, startCloud } from './cloud.ts';
import { writeClusterFiles } from './cluster-files.ts';
import type { Component, Launcher } from './component.ts';
import { type ControlPlane, type ControlPlanePrograms, createControlPlane } from './control-plane.ts';
import { adminKubeconfig, type ControlPlanePlan, etcdUrl } from './control-plane-flags.ts';
import { loadBalancers } from './load-balancers.ts';
import { holdPorts, releaseAll } from './ports.ts';
import { createStorageClass, volumeLoops } from './volumes.ts';
import { createZone, type Zone } from './zone.ts';

export interface ClusterRequest {
  readonly name: string;
  readonly region: string;
  readonly zones: readonly string[];
  readonly nodesPerZone: number;
  /** 1 to 30, different for each cluster of a lab: its address ranges are derived from it. */
  readonly index: number;
  readonly directory: string;
}

/** Programs that are needed only after the API server runs may still be being built. */
export interface ClusterPrograms extends ControlPlanePrograms {
  kwok(): Promise<string>;
}

export interface RunningCluster {
  readonly facts: Omit<ClusterFacts, 'linkPort'>;
  readonly apiPort: number;
  kill(): Promise<void>;
  stopControlPlane(): Promise<void>;
  start(): Promise<void>;
  failZone(name: string): Promise<void>;
  healZone(name: string): Promise<void>;
  status(): ClusterStatus;
}

export const clusterStatusSchema = z.object({
  name: z.string(),
  controlPlane: z.enum(['up', 'down', 'broken']),
  /** Servers that ended by themselves. */
  dead: z.array(z.string()),
  zones: z.array(z.object({ name: z.string(), up: z.boolean() })),
});
export type ClusterStatus = z.infer<typeof clusterStatusSchema>;

const NODES_DEADLINE_MS = 90_000;
const STAGES = [
  'node-initialize',
  'node-heartbeat-with-lease',
  'pod-ready',
  'pod-ready-again',
  'pod-complete',
  'pod-delete',
];

/** Starts everything. @throws LabComponentError; then nothing of the cluster is left running */
export async function startCluster(
  launcher: Launcher,
  programs: ClusterPrograms,
  request: ClusterRequest,
): Promise<RunningCluster> {
  const ports = await holdPorts(3);
  const [etcdClient = 0, etcdPeer = 0, apiServer = 0] = ports.map((held) => held.port);
  const plan: ControlPlanePlan = {
    name: request.name,
    directory: request.directory,
    etcdMember: `${request.name}-${randomBytes(6).toString('hex')}`,
    ports: { etcdClient, etcdPeer, apiServer },
    serviceRange: `10.${96 + request.index}.0.0/16`,
  };
  mkdirSync(join(request.directory, 'volumes'), { recursive: true });
  writeClusterFiles(plan, Date.now());
  const api = createApiClient(request.directory, apiServer);
  const controlPlane = createControlPlane(launcher, programs, plan, api);
  await releaseAll(ports);
  await controlPlane.start();
  const cluster = new ProcessCluster({ request, plan, api, controlPlane });
  try {
    await cluster.begin(launcher, await programs.kwok());
  } catch (error) {
    await cluster.kill();
    throw error;
  }
  return cluster;
}

class ProcessCluster implements RunningCluster {
  readonly #request: ClusterRequest;
  readonly #plan: ControlPlanePlan;
  readonly #api: ApiClient;
  readonly #controlPlane: ControlPlane;
  readonly #failedZones = new Set<string>();
  #zones: readonly Zone[] = [];
  #cloud: Cloud | undefined;
  /** Faults and repairs of one cluster happen one after another. */
  #turn: Promise<void> = Promise.resolve();

  constructor(parts: {
    readonly request: ClusterRequest;
    readonly plan: ControlPlanePlan;
    readonly api: ApiClient;
    readonly controlPlane: ControlPlane;
  }) {
    this.#request = parts.request;
    this.#plan = parts.plan;
    this.#api = parts.api;
    this.#controlPlane = parts.controlPlane;
  }

  get apiPort(): number {
    return this.#plan.ports.apiServer;
  }

  get facts(): Omit<ClusterFacts, 'linkPort'> {
    return {
      name: this.#request.name,
      region: this.#request.region,
      directory: this.#request.directory,
      kubeconfig: adminKubeconfig(this.#plan),
      etcd: etcdUrl(this.#plan.ports.etcdClient),
      zones: this.#zones.map(({ name, probeUrl }) => ({ name, probeUrl })),
    };
  }

  async begin(launcher: Launcher, kwok: string): Promise<void> {
    this.#zones = await Promise.all(
      this.#request.zones.map((name, index) =>
        createZone(launcher, kwok, zonePlan(this.#request, this.#plan, name, index), this.#api),
      ),
    );
    await createStorageClass(this.#api);
    await this.#bringUpRegion();
  }

  kill(): Promise<void> {
    return this.#inTurn(async () => {
      const cloud = this.#cloud;
      this.#cloud = undefined;
      await Promise.all([
        this.#controlPlane.kill(),
        cloud?.stop(),
        ...this.#zones.map((zone) => zone.kill()),
      ]);
    });
  }

  stopControlPlane(): Promise<void> {
    return this.#inTurn(() => this.#controlPlane.stop());
  }

  start(): Promise<void> {
    return this.#inTurn(async () => {
      await this.#controlPlane.start();
      await this.#bringUpRegion();
    });
  }

  failZone(name: string): Promise<void> {
    return this.#inTurn(async () => {
      this.#failedZones.add(name);
      await this.#zone(name).kill();
    });
  }

  healZone(name: string): Promise<void> {
    return this.#inTurn(async () => {
      this.#failedZones.delete(name);
      await this.#zone(name).start({ register: this.#controlPlane.running });
    });
  }

  status(): ClusterStatus {
    const components = this.#controlPlane.components();
    const dead = components.filter((component: Component) => !component.running);
    return {
      name: this.#request.name,
      controlPlane: components.length === 0 ? 'down' : dead.length === 0 ? 'up' : 'broken',
      dead: dead.map((component) => component.name),
      zones: this.#zones.map(({ name, up }) => ({ name, up })),
    };
  }

  async #bringUpRegion(): Promise<void> {
    const up = this.#zones.filter((zone) => !this.#failedZones.has(zone.name));
    await Promise.all(up.map((zone) => zone.start({ register: true })));
    this.#cloud ??= startCloud(
      this.#api,
      [
        loadBalancers(this.#api, `127.${this.#request.index}`),
        ...volumeLoops(this.#api, join(this.#request.directory, 'volumes')),
      ],
      join(this.#request.directory, 'logs', 'cloud.log'),
    );
    await this.#settled(up.length * this.#request.nodesPerZone);
  }

  /** Nodes prove kwok, the default ServiceAccount proves the controller manager; without it no pod is admitted. */
  async #settled(nodes: number): Promise<void> {
    const first = this.#controlPlane.components().at(-1);
    await first?.until(`running a cluster of ${nodes} ready nodes`, NODES_DEADLINE_MS, async () => {
      const list = listSchema.parse(JSON.parse(await this.#api.ok('GET', '/api/v1/nodes')));
      const ready = list.items.filter(isReady).length;
      if (ready < nodes) throw new Error(`${ready} of ${nodes} nodes are ready`);
      await this.#api.ok('GET', '/api/v1/namespaces/default/serviceaccounts/default');
      return true;
    });
  }

  #zone(name: string): Zone {
    const zone = this.#zones.find((candidate) => candidate.name === name);
    if (zone === undefined) throw new LabError('UnknownName', `${this.#request.name} has no zone ${name}`);
    return zone;
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const result = this.#turn.then(work);
    this.#turn = result.catch(() => undefined);
    return result;
  }
}

const nodeSchema = z.object({
  status: z.object({ conditions: z.array(z.object({ type: z.string(), status: z.string() })).optional() }),
});

function isReady(node: unknown): boolean {
  const conditions = nodeSchema.parse(node).status.conditions ?? [];
  return conditions.some(({ type, status }) => type === 'Ready' && status === 'True');
}

function zonePlan(request: ClusterRequest, plan: ControlPlanePlan, name: string, index: number) {
  return {
    cluster: request.name,
    region: request.region,
    name,
    nodes: Array.from({ length: request.nodesPerZone }, (_, node) => `${name}-${node + 1}`),
    directory: request.directory,
    kubeconfig: adminKubeconfig(plan),
    podRange: `10.${128 + request.index * 4 + index}.0.0/16`,
    stages: STAGES.map((stage) => fileURLToPath(new URL(`../kwok/${stage}.yaml`, import.meta.url))),
  };
}
