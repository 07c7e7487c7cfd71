/** A single cluster with its link, owned by this process. */
import { join } from 'node:path';
import type { Binaries } from '../build/ensure.ts';
import { LabError } from '../errors.ts';
import type { ClusterFacts, LabFacts } from '../facts.ts';
import type { Control } from '../handle.ts';
import { type ClusterPrograms, type ClusterRequest, type RunningCluster, startCluster } from './cluster.ts';
import { createLauncher, type Launcher } from './component.ts';
import { startLinks } from './links.ts';
import { createPrograms } from './programs.ts';

export interface SingleRun {
  readonly facts: ClusterFacts;
  readonly tools: Pick<LabFacts, 'linkApi' | 'kubectl'>;
  readonly control: Control;
}

/** @throws LabError; then nothing is left running, but the files are still there */
export async function runSingle(plan: {
  readonly directory: string;
  readonly binaries: Binaries;
  readonly request: Pick<ClusterRequest, 'name' | 'region' | 'zones' | 'nodesPerZone'>;
  /** Called last, when the cluster was stopped: removes its files. */
  readonly remove: () => void;
}): Promise<SingleRun> {
  const launcher = createLauncher(await plan.binaries.path('tether'));
  try {
    const cluster = await startCluster(launcher, await clusterPrograms(plan.binaries), {
      ...plan.request,
      index: 1,
      directory: join(plan.directory, plan.request.name),
    });
    const links = await startLinks(launcher, await plan.binaries.path('toxiproxy-server'), plan.directory);
    const linkPort = await links.add(plan.request.name, cluster.apiPort);
    return {
      facts: { ...cluster.facts, linkPort },
      tools: { linkApi: links.api, kubectl: await plan.binaries.path('kubectl') },
      control: controlOf([cluster], {
        launcher,
        directory: plan.directory,
        stop: async () => {
          await launcher.killAll();
          await cluster.kill();
          plan.remove();
        },
      }),
    };
  } catch (error) {
    await launcher.killAll();
    throw error;
  }
}

/** @throws LabError when they cannot be had */
export async function clusterPrograms(binaries: Binaries): Promise<ClusterPrograms> {
  return {
    etcd: await binaries.path('etcd'),
    apiServer: await binaries.path('kube-apiserver'),
    controllerManager: await binaries.path('kube-controller-manager'),
    scheduler: await binaries.path('kube-scheduler'),
    kwok: () => binaries.path('kwok'),
  };
}

/** Control by direct calls. */
export function controlOf(
  clusters: readonly RunningCluster[],
  {
    launcher,
    directory,
    stop,
  }: { readonly launcher: Launcher; readonly directory: string; readonly stop: () => Promise<void> },
): Control {
  const find = (name: string): RunningCluster => {
    const cluster = clusters.find((candidate) => candidate.facts.name === name);
    if (cluster !== undefined) return cluster;
    const known = clusters.map((candidate) => candidate.facts.name).join(', ');
    throw new LabError('UnknownName', `there is no cluster ${name}, only ${known}`);
  };
  const programs = createPrograms(launcher, directory);
  return {
    kill: async (name) => find(name).kill(),
    stopControlPlane: async (name) => find(name).stopControlPlane(),
    start: async (name) => find(name).start(),
    failZone: async (name, zone) => find(name).failZone(zone),
    healZone: async (name, zone) => find(name).healZone(zone),
    run: (program) => programs.run(program),
    startProgram: (name) => programs.start(name),
    stopProgram: (name) => programs.stop(name),
    killProgram: (name) => programs.kill(name),
    stop,
  };
}
