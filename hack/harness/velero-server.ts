/**
 * One `velero server` as a process beside its cluster, and the `velero`
 * command for it. Two servers on one machine share nothing: each has files in
 * TMPDIR, and reads its settings and its credentials from HOME.
 */
import { execFile } from 'node:child_process';
import { mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { z } from 'zod';
import { LabCommandError } from '../lab/errors.ts';
import { sendOk } from '../lab/processes/http.ts';
import { LOOPBACK } from '../lab/processes/ports.ts';
import type { Lab, LabCluster } from '../lab/types.ts';
import { recall, remember, untilServing } from './add-on.ts';
import { freePort } from './ports.ts';
import type { LabS3 } from './s3.ts';
import {
  credentialsFile,
  STORAGE_LOCATION,
  VELERO_NAMESPACE,
  type VeleroStorage,
  veleroObjects,
} from './velero-objects.ts';

/** The first look at the storage happens at the start; the program takes seconds to come up on a busy machine. */
const READY_SECONDS = 180;
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;

export type VeleroRole = 'source' | 'recovery';

/** Each side does its half only: no two servers collect or delete in the same bucket. */
const DISABLED_CONTROLLERS: Readonly<Record<VeleroRole, readonly string[]>> = {
  source: ['backup-sync', 'restore', 'restore-operations', 'restore-finalizer'],
  recovery: [
    'backup-queue',
    'backup',
    'backup-operations',
    'backup-finalizer',
    'backup-deletion',
    'gc',
    'schedule',
  ],
};

export interface VeleroPrograms {
  readonly velero: string;
  readonly awsPlugin: string;
}

export interface VeleroServerOptions extends VeleroStorage {
  /** As in Velero's `--features`, e.g. `EnableCSI`, which needs the CRDs of snapshots. Default: none. */
  readonly features?: readonly string[] | undefined;
}

export interface LabVeleroServer {
  readonly cluster: LabCluster;
  /** Namespace of the server and of its Backups and Restores. */
  readonly namespace: string;
  /** Receives the server's log. */
  readonly logFile: string;
  /**
   * Runs `velero` on this cluster and namespace and answers its standard output. A Backup or Restore that
   * fails is no error of `--wait`: look at its phase.
   * @throws LabCommandError
   */
  cli(args: readonly string[]): Promise<string>;
  /** As when its Pod is deleted: what is in progress is not finished. */
  stop(): Promise<void>;
  kill(): Promise<void>;
  /** Brings it back; resolves when it is ready and its storage is Available. */
  start(): Promise<void>;
}

export interface VeleroServerPlan {
  readonly programs: VeleroPrograms;
  readonly s3: LabS3;
  readonly options: VeleroServerOptions;
}

const factsSchema = z.object({
  metricsPort: z.number().int(),
  /** What it was started for; anything else needs another start. */
  wish: z.string(),
});

/**
 * The server of one side, running for these options: started now, or by an earlier call of any process;
 * started anew when that one had other options.
 * @throws LabError, or Error with the server's log
 */
export async function ensureVeleroServer(
  lab: Lab,
  role: VeleroRole,
  plan: VeleroServerPlan,
): Promise<LabVeleroServer> {
  const cluster = lab[role];
  const name = `velero-${role}`;
  const home = join(lab.directory, name);
  const factsFile = join(home, 'facts.json');
  const { bucket, prefix = '', features = [] } = plan.options;
  const wish = JSON.stringify({ endpoint: plan.s3.endpoint, bucket, prefix, features });
  const known = recall(factsFile, factsSchema);
  const metricsPort = known?.metricsPort ?? (await freePort());
  if (known?.wish !== wish) {
    if (known !== undefined) await lab.program(name).stop();
    await prepareCluster(cluster, home, plan);
    const command = serverCommand(plan, cluster, { role, home, metricsPort });
    await lab.run(name, command, { HOME: home, TMPDIR: join(home, 'tmp') });
    remember(factsFile, { metricsPort, wish });
  }
  const start = async () => {
    const { logFile } = await lab.program(name).start();
    await untilServing({ name, logFile, seconds: READY_SECONDS }, () => isReady(cluster, metricsPort));
    return logFile;
  };
  return {
    cluster,
    namespace: VELERO_NAMESPACE,
    logFile: await start(),
    cli: (args) => runVelero(plan.programs.velero, home, cluster, args),
    stop: () => lab.program(name).stop(),
    kill: () => lab.program(name).kill(),
    start: async () => {
      await start();
    },
  };
}

/** Everything that the server expects to find: its folders, its kinds and its objects. */
async function prepareCluster(
  cluster: LabCluster,
  home: string,
  { programs, s3, options }: VeleroServerPlan,
): Promise<void> {
  mkdirSync(join(home, 'tmp'), { recursive: true });
  mkdirSync(join(home, 'plugins'), { recursive: true });
  const plugin = join(home, 'plugins', basename(programs.awsPlugin));
  rmSync(plugin, { force: true });
  symlinkSync(programs.awsPlugin, plugin);
  mkdirSync(join(home, '.aws'), { recursive: true });
  writeFileSync(join(home, '.aws', 'credentials'), credentialsFile(s3), { mode: 0o600 });
  const kinds = await runVelero(programs.velero, home, cluster, CRD_MANIFESTS);
  const apply = ['apply', '--server-side', '--force-conflicts', '-f', '-'];
  await cluster.kubectl(apply, { input: kinds });
  await cluster.kubectl([
    'wait',
    '--for=condition=Established',
    '--timeout=120s',
    'crd',
    '-l',
    'component=velero',
  ]);
  // Its status would tell of the storage that it was for before.
  const location = `backupstoragelocation/${STORAGE_LOCATION}`;
  await cluster.kubectl(['-n', VELERO_NAMESPACE, 'delete', location, '--ignore-not-found']);
  await cluster.kubectl(apply, { input: veleroObjects(s3, options) });
}

const CRD_MANIFESTS = ['install', '--crds-only', '--dry-run', '-o', 'yaml'];

function serverCommand(
  { programs, options }: VeleroServerPlan,
  cluster: LabCluster,
  place: { readonly role: VeleroRole; readonly home: string; readonly metricsPort: number },
): readonly string[] {
  const { features = [] } = options;
  return [
    programs.velero,
    // Must come first: plugins are started with what follows the second argument.
    'server',
    `--kubeconfig=${cluster.kubeconfig}`,
    `--namespace=${VELERO_NAMESPACE}`,
    `--plugin-dir=${join(place.home, 'plugins')}`,
    `--metrics-address=${LOOPBACK}:${place.metricsPort}`,
    '--profiler-address=',
    `--disable-controllers=${DISABLED_CONTROLLERS[place.role].join(',')}`,
    // The defaults make whoever looks on wait for tens of seconds.
    '--resource-timeout=30s',
    '--item-operation-sync-frequency=1s',
    '--store-validation-frequency=10s',
    ...(features.length === 0 ? [] : [`--features=${features.join(',')}`]),
  ];
}

async function isReady(cluster: LabCluster, metricsPort: number): Promise<true | undefined> {
  await sendOk({ url: `http://${LOOPBACK}:${metricsPort}/metrics`, deadline: 2_000 });
  const location = `backupstoragelocation/${STORAGE_LOCATION}`;
  const phase = ['-o', 'jsonpath={.status.phase}'];
  const answer = await cluster.kubectl(['-n', VELERO_NAMESPACE, 'get', location, ...phase]);
  return answer === 'Available' ? true : undefined;
}

async function runVelero(
  velero: string,
  home: string,
  cluster: LabCluster,
  args: readonly string[],
): Promise<string> {
  const target = [
    `--kubeconfig=${cluster.kubeconfig}`,
    `--namespace=${VELERO_NAMESPACE}`,
    '--colorized=false',
  ];
  return new Promise((resolve, reject) => {
    const options = { maxBuffer: MAX_OUTPUT_BYTES, env: { HOME: home } };
    execFile(velero, [...args, ...target], options, (error, stdout, stderr) => {
      if (error === null) {
        resolve(stdout);
        return;
      }
      const exitCode = typeof error.code === 'number' ? error.code : 1;
      const reason = stderr === '' ? error.message : stderr;
      reject(new LabCommandError(`velero ${args.join(' ')}`, { exitCode, stdout, stderr: reason }));
    });
  });
}
