/** `npm run lab -- VERB`: the lab by hand. Each verb is a line of the table below. */
import { join } from 'node:path';
import { fetchStatus, readLiveFacts } from './control-client.ts';
import { downLab, upLab } from './detached.ts';
import { labsDirectory, sweep } from './directories.ts';
import { LabError } from './errors.ts';
import { attachLab, DEFAULT_LAB } from './lab.ts';
import { formatStatus } from './status-table.ts';
import type { LabCluster } from './types.ts';

interface Verb {
  readonly usage: string;
  readonly does: string;
  readonly run: (args: readonly string[]) => Promise<void>;
}

const VERBS: Readonly<Record<string, Verb>> = {
  up: { usage: 'up', does: 'start the lab, or show the one that runs', run: up },
  down: { usage: 'down', does: 'stop it and remove everything it left', run: down },
  status: { usage: 'status', does: 'show clusters, zones and DNS', run: status },
  kubeconfig: {
    usage: 'kubeconfig [CLUSTER]',
    does: 'print the path of a kubeconfig, or of all',
    run: kubeconfig,
  },
  kill: { usage: 'kill CLUSTER', does: 'lose a whole region at once', run: onCluster((it) => it.kill()) },
  'stop-control-plane': {
    usage: 'stop-control-plane CLUSTER',
    does: 'stop its API server; its zones go on serving',
    run: onCluster((it) => it.stopControlPlane()),
  },
  start: {
    usage: 'start CLUSTER',
    does: 'bring back what was killed or stopped',
    run: onCluster((it) => it.start()),
  },
  cut: { usage: 'cut CLUSTER', does: 'black-hole the link to it', run: onCluster((it) => it.link.cut()) },
  heal: { usage: 'heal CLUSTER', does: 'undo cut', run: onCluster((it) => it.link.heal()) },
  delay: {
    usage: 'delay CLUSTER MILLISECONDS',
    does: 'add latency to the link, each way; 0 removes it',
    run: onCluster((it, amount) => it.link.delay(number(amount))),
  },
  throttle: {
    usage: 'throttle CLUSTER KIB',
    does: 'limit the link in KiB per second; 0 removes it',
    run: onCluster((it, amount) => it.link.throttle(number(amount))),
  },
  'zone-fail': {
    usage: 'zone-fail CLUSTER ZONE',
    does: 'lose one zone: its nodes and its endpoint',
    run: onCluster((it, zone) => it.zone(zone ?? '').fail()),
  },
  'zone-heal': {
    usage: 'zone-heal CLUSTER ZONE',
    does: 'undo zone-fail',
    run: onCluster((it, zone) => it.zone(zone ?? '').heal()),
  },
};

const [name, ...args] = process.argv.slice(2);
const verb = VERBS[name ?? ''];
if (verb === undefined) {
  console.error(usage());
  process.exitCode = 2;
} else {
  try {
    await verb.run(args);
  } catch (error) {
    if (!(error instanceof LabError)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}

async function up(): Promise<void> {
  const started = performance.now();
  await upLab({ environment: process.env, progress: (line) => console.log(line) });
  console.log(`The lab is up (${((performance.now() - started) / 1000).toFixed(1)} s).\n`);
  await status();
}

async function down(): Promise<void> {
  const stopped = await downLab({ environment: process.env });
  console.log(stopped ? 'The lab is stopped; nothing is left.' : 'No lab was running.');
}

async function status(): Promise<void> {
  const facts = liveFacts();
  console.log(formatStatus(facts, await fetchStatus(facts)));
}

async function kubeconfig([cluster]: readonly string[]): Promise<void> {
  const { source, recovery, objective } = await attachLab();
  const chosen = cluster === undefined ? [source, recovery, objective] : [await clusterCalled(cluster)];
  for (const { kubeconfig: path } of chosen) console.log(path);
}

function onCluster(act: (cluster: LabCluster, argument: string | undefined) => Promise<void>): Verb['run'] {
  return async ([cluster, argument]) => {
    await act(await clusterCalled(cluster ?? ''), argument);
    await status();
  };
}

/** By its name or by its role. */
async function clusterCalled(wanted: string): Promise<LabCluster> {
  const { source, recovery, objective } = await attachLab();
  const byRole = { source, recovery, objective };
  const found = Object.entries(byRole).find(([role, cluster]) => role === wanted || cluster.name === wanted);
  if (found !== undefined) return found[1];
  const known = Object.values(byRole).map((cluster) => cluster.name);
  throw new LabError('UnknownName', `there is no cluster '${wanted}', only ${known.join(', ')}`);
}

/** What a killed lab left is cleared away on the way. */
function liveFacts(): ReturnType<typeof readLiveFacts> {
  const labs = labsDirectory(process.env);
  sweep(labs);
  return readLiveFacts(join(labs, DEFAULT_LAB));
}

function number(text: string | undefined): number {
  const value = Number(text);
  if (text !== undefined && Number.isFinite(value) && value >= 0) return value;
  throw new LabError('UnknownName', `'${text ?? ''}' is not a number of 0 or more`);
}

function usage(): string {
  const width = Math.max(...Object.values(VERBS).map((each) => each.usage.length));
  const lines = Object.values(VERBS).map((each) => `  ${each.usage.padEnd(width)}  ${each.does}`);
  return ['usage: npm run lab -- VERB', ...lines].join('\n');
}
