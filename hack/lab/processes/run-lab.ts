/**
 * The whole lab, owned by this process: three clusters, their links and DNS,
 * all started at the same time, each as soon as its programs are there. Other
 * processes find it by the facts it writes and reach it by its control socket.
 */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Binaries } from '../build/ensure.ts';
import { type ControlServer, serveControl } from '../control-server.ts';
import { type ClusterFacts, factsPath, type LabFacts } from '../facts.ts';
import { type Control, labHandle } from '../handle.ts';
import type { Lab } from '../types.ts';
import { type RunningCluster, startCluster } from './cluster.ts';
import { createLauncher, type Launcher } from './component.ts';
import { startDnsServer, startExternalDns } from './dns.ts';
import { type Links, startLinks } from './links.ts';
import { clusterPrograms, controlOf } from './run-single.ts';

export interface LabPlan {
  readonly name: string;
  readonly directory: string;
  readonly binaries: Binaries;
  readonly progress: (line: string) => void;
  readonly signal?: AbortSignal;
  /** Called last, when the lab was stopped: removes its files. */
  readonly remove: () => void;
}

/** The regions of every lab. The index decides address ranges: 127.1 for the source, 127.2 for the recovery. */
const REGIONS = {
  source: {
    name: 'eu-west',
    region: 'eu-west-1',
    zones: ['eu-west-1a', 'eu-west-1b', 'eu-west-1c'],
    index: 1,
  },
  recovery: {
    name: 'eu-north',
    region: 'eu-north-1',
    zones: ['eu-north-1a', 'eu-north-1b', 'eu-north-1c'],
    index: 2,
  },
  objective: {
    name: 'objective',
    region: 'us-east-1',
    zones: ['us-east-1a', 'us-east-1b', 'us-east-1c'],
    index: 3,
  },
} as const;
const NODES_PER_ZONE = 2;

/** @throws LabError; then nothing is left running, but the files are still there */
export async function runLab(plan: LabPlan): Promise<Lab> {
  const launcher = createLauncher(await plan.binaries.path('tether'));
  const clusters: RunningCluster[] = [];
  let control: ControlServer | undefined;
  const end = async () => {
    await launcher.killAll();
    await Promise.all(clusters.map((cluster) => cluster.kill()));
    await control?.close();
  };
  const stop = once(async () => {
    await end();
    plan.remove();
  });
  const abort = () => void launcher.killAll();
  plan.signal?.addEventListener('abort', abort, { once: true });
  try {
    plan.signal?.throwIfAborted();
    const facts = await startAll(plan, launcher, clusters);
    const direct: Control = controlOf(clusters, { launcher, directory: plan.directory, stop });
    control = await serveControl(facts.socket, direct, () => clusters.map((cluster) => cluster.status()));
    writeFileSync(factsPath(plan.directory), JSON.stringify(facts, undefined, 2));
    return labHandle(facts, direct);
  } catch (error) {
    await end();
    throw error;
  } finally {
    plan.signal?.removeEventListener('abort', abort);
  }
}

/** @param clusters receives each cluster as it becomes ready, also when another fails */
async function startAll(plan: LabPlan, launcher: Launcher, clusters: RunningCluster[]): Promise<LabFacts> {
  const programs = await timed(plan, 'programs of the control plane', () => clusterPrograms(plan.binaries));
  const links = plan.binaries
    .path('toxiproxy-server')
    .then((path) => startLinks(launcher, path, plan.directory));
  const start = (role: keyof typeof REGIONS) =>
    timed(plan, `cluster ${REGIONS[role].name}`, async () => {
      const request = { ...REGIONS[role], nodesPerZone: NODES_PER_ZONE };
      const directory = join(plan.directory, request.name);
      const cluster = await startCluster(launcher, programs, { ...request, directory });
      clusters.push(cluster);
      return linked(cluster, await links);
    });
  const dnsDirectory = join(plan.directory, 'dns');
  const dns = timed(plan, 'DNS server', () => startDnsServer(launcher, plan.binaries, dnsDirectory));
  const objective = start('objective');
  const externalDns = timed(plan, 'external-dns', async () =>
    startExternalDns(launcher, plan.binaries, {
      directory: dnsDirectory,
      kubeconfig: (await objective).kubeconfig,
      etcd: (await dns).etcd,
    }),
  );
  const [source, recovery, objectiveFacts, dnsFacts, linksReady] = await Promise.all([
    start('source'),
    start('recovery'),
    objective,
    dns,
    links,
    externalDns,
  ]);
  return {
    name: plan.name,
    directory: plan.directory,
    socket: join(plan.directory, 'control.sock'),
    linkApi: linksReady.api,
    kubectl: await plan.binaries.path('kubectl'),
    clusters: { source, recovery, objective: objectiveFacts },
    dns: dnsFacts,
  };
}

async function linked(cluster: RunningCluster, links: Links): Promise<ClusterFacts> {
  return { ...cluster.facts, linkPort: await links.add(cluster.facts.name, cluster.apiPort) };
}

async function timed<T>(plan: LabPlan, what: string, work: () => Promise<T>): Promise<T> {
  const started = performance.now();
  const result = await work();
  plan.progress(`${what}: ready after ${((performance.now() - started) / 1000).toFixed(1)} s`);
  return result;
}

function once(work: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> | undefined;
  return () => (running ??= work());
}
