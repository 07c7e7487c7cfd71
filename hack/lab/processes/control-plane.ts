/**
 * The servers of one cluster's control plane, started in the order in which
 * they need each other, killed all at once, or stopped in reverse. Their ports,
 * keys and data outlive them, so that a killed cluster comes back as itself.
 */
import { join } from 'node:path';
import type { ApiClient } from './api-client.ts';
import type { Component, Launcher } from './component.ts';
import {
  apiServerFlags,
  type ControlPlanePlan,
  controllerManagerFlags,
  schedulerFlags,
} from './control-plane-flags.ts';
import { startEtcd } from './etcd.ts';

const API_SERVER_DEADLINE_MS = 120_000;

export interface ControlPlanePrograms {
  readonly etcd: string;
  readonly apiServer: string;
  readonly controllerManager: string;
  readonly scheduler: string;
}

export interface ControlPlane {
  readonly running: boolean;
  /** Resolves when the API server is ready. @throws LabComponentError; then nothing is left running */
  start(): Promise<void>;
  kill(): Promise<void>;
  stop(): Promise<void>;
  /** For status: each server and whether it runs. */
  components(): readonly Component[];
}

/** @param api a client for this control plane's API server, valid also while it is down */
export function createControlPlane(
  launcher: Launcher,
  programs: ControlPlanePrograms,
  plan: ControlPlanePlan,
  api: ApiClient,
): ControlPlane {
  let components: readonly Component[] = [];
  const run = (name: string, executable: string, flags: readonly string[]) => {
    const component = launcher.launch({
      name: `${plan.name}/${name}`,
      executable,
      arguments: flags,
      logPath: log(plan, name),
      directory: plan.directory,
    });
    components = [...components, component];
    return component;
  };
  const kill = async () => {
    await Promise.all(components.map((component) => component.kill()));
    components = [];
  };
  return {
    get running() {
      return components.length > 0;
    },
    start: async () => {
      if (components.length > 0 && components.every((component) => component.running)) return;
      // One that ended by itself leaves the others in a state nobody asked for.
      await kill();
      try {
        components = [await etcdOf(launcher, programs, plan)];
        const apiServer = run('kube-apiserver', programs.apiServer, apiServerFlags(plan));
        await waitUntilReady(apiServer, api);
        run('kube-controller-manager', programs.controllerManager, controllerManagerFlags(plan));
        run('kube-scheduler', programs.scheduler, schedulerFlags(plan));
      } catch (error) {
        await kill();
        throw error;
      }
    },
    kill,
    stop: async () => {
      for (const component of components.toReversed()) await component.stop();
      components = [];
    },
    components: () => components,
  };
}

function log(plan: ControlPlanePlan, name: string): string {
  return join(plan.directory, 'logs', `${name}.log`);
}

function etcdOf(
  launcher: Launcher,
  programs: ControlPlanePrograms,
  plan: ControlPlanePlan,
): Promise<Component> {
  return startEtcd(launcher, programs.etcd, {
    name: `${plan.name}/etcd`,
    member: plan.etcdMember,
    directory: plan.directory,
    dataDirectory: join(plan.directory, 'etcd'),
    logPath: log(plan, 'etcd'),
    ports: { client: plan.ports.etcdClient, peer: plan.ports.etcdPeer },
  });
}

/** TLS with the cluster's own authority proves that it is our API server that answers. */
async function waitUntilReady(apiServer: Component, api: ApiClient): Promise<void> {
  await apiServer.until('ready', API_SERVER_DEADLINE_MS, async () => {
    const answer = await api.send('GET', '/readyz');
    if (answer.status === 200) return true;
    throw new Error(`/readyz answered ${answer.status}`);
  });
}
