/**
 * The driver and the sidecars of one cluster as processes beside it. A driver
 * that ends takes the sidecars with it at their next call, so they are started
 * and ended together.
 */
import { mkdirSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { textAt } from '../../src/api/fields.ts';
import { type Faults, writeFaults } from '../lab/csi-driver/faults.ts';
import { openBackend } from '../lab/csi-driver/state.ts';
import type { Lab, LabCluster } from '../lab/types.ts';
import { recall, remember, untilServing } from './add-on.ts';
import { CSI_DRIVER, installCsiObjects, TOPOLOGY_LABEL } from './csi-objects.ts';

/** A build that runs at the same time slows everything. */
const READY_SECONDS = 120;
const DRIVER = fileURLToPath(new URL('../lab/csi-driver/main.ts', import.meta.url));
const GROUPS = '--feature-gates=CSIVolumeGroupSnapshot=true';
/** The defaults let a test wait minutes for the next try, and hold a hundred claims to five requests a second. */
const IMPATIENT = [
  '--retry-interval-start=200ms',
  '--retry-interval-max=2s',
  '--kube-api-qps=200',
  '--kube-api-burst=400',
];

export interface CsiPrograms {
  readonly provisioner: string;
  readonly snapshotter: string;
  readonly snapshotController: string;
}

export interface CsiRegionPlan {
  readonly programs: CsiPrograms;
  /** Folder of the volumes and snapshots. */
  readonly backend: string;
  /** The driver says in which region its volumes are, and pods are scheduled there. */
  readonly topology: boolean;
  /** The sidecar cuts groups of snapshots; off, as it is where nobody sets the feature gate. */
  readonly groups: boolean;
}

export interface LabCsiRegion {
  readonly cluster: LabCluster;
  /** Folder of the volumes and snapshots. */
  readonly backend: string;
  /** Has a line for each call to the driver. */
  readonly logFile: string;
  /** Replaces all faults of this region's driver, from its next call on; `{}` ends them. */
  setFaults(faults: Faults): void;
  /** Removes a snapshot from the backend without anybody being told. @throws Error when it is not there */
  vanish(snapshotHandle: string): void;
  /** Folder of a claim's volume, as its pods see it. @throws Error when the claim is not bound to one of ours */
  volumePath(namespace: string, claim: string): Promise<string>;
  /** Orderly end of driver and sidecars; volumes and snapshots stay. */
  stop(): Promise<void>;
  /** Ends them in the middle of whatever they do, as when the region is lost. */
  kill(): Promise<void>;
  /** Starts what does not run; the cluster must be up. Resolves when the driver answers. */
  start(): Promise<void>;
}

const factsSchema = z.object({
  /** What the programs were started for; anything else needs another start. */
  wish: z.string(),
});

/** @throws LabError, or Error with the driver's log */
export async function ensureCsiRegion(
  lab: Lab,
  role: 'source' | 'recovery',
  plan: CsiRegionPlan,
): Promise<LabCsiRegion> {
  const cluster = lab[role];
  const region = placeOf(lab, role);
  const factsFile = join(region.home, 'facts.json');
  const { backend, topology, groups } = plan;
  const wish = JSON.stringify({ backend, topology, groups });
  const known = recall(factsFile, factsSchema);
  if (known?.wish !== wish) {
    if (known !== undefined) await each(lab, region, (program) => program.stop());
    mkdirSync(region.home, { recursive: true });
    await installCsiObjects(cluster, plan.topology);
    await lab.run(region.driver, driverCommand(cluster, region, plan));
    await driverReady(lab, region);
    for (const [name, command] of sidecars(cluster, region, plan)) await lab.run(name, command);
    remember(factsFile, { wish });
  }
  const start = () => startAll(lab, region);
  const logFile = await start();
  return {
    cluster,
    backend: plan.backend,
    logFile,
    setFaults: (faults) => writeFaults(region.faults, faults),
    vanish: (handle) => {
      const { snapshots } = openBackend(plan.backend);
      if (snapshots.get(handle) === undefined) throw new Error(`there is no snapshot ${handle}`);
      snapshots.remove(handle);
    },
    volumePath: (namespace, claim) => volumePath(cluster, namespace, claim),
    stop: () => each(lab, region, (program) => program.stop()),
    kill: () => each(lab, region, (program) => program.kill()),
    start: async () => {
      await start();
    },
  };
}

interface Place {
  readonly home: string;
  readonly socket: string;
  readonly faults: string;
  /** Name of its program. */
  readonly driver: string;
  readonly sidecars: {
    readonly provisioner: string;
    readonly snapshotter: string;
    readonly controller: string;
  };
}

function placeOf(lab: Lab, role: 'source' | 'recovery'): Place {
  const home = join(lab.directory, `csi-${role}`);
  return {
    home,
    socket: join(home, 'csi.sock'),
    faults: join(home, 'faults.json'),
    driver: `csi-driver-${role}`,
    sidecars: {
      provisioner: `csi-provisioner-${role}`,
      snapshotter: `csi-snapshotter-${role}`,
      controller: `snapshot-controller-${role}`,
    },
  };
}

function driverCommand(cluster: LabCluster, region: Place, plan: CsiRegionPlan): readonly string[] {
  return [
    process.execPath,
    '--import',
    import.meta.resolve('tsx'),
    DRIVER,
    `--name=${CSI_DRIVER}`,
    `--socket=${region.socket}`,
    `--backend=${plan.backend}`,
    `--faults=${region.faults}`,
    ...(plan.topology ? [`--topology=${TOPOLOGY_LABEL}=${cluster.region}`] : []),
  ];
}

function sidecars(
  cluster: LabCluster,
  region: Place,
  { programs, groups }: CsiRegionPlan,
): readonly (readonly [name: string, command: readonly string[]])[] {
  const common = [`--kubeconfig=${cluster.kubeconfig}`, ...IMPATIENT];
  const driver = [`--csi-address=${region.socket}`, '--extra-create-metadata'];
  const { provisioner, snapshotter, controller } = region.sidecars;
  return [
    [controller, [programs.snapshotController, ...common, GROUPS]],
    [provisioner, [programs.provisioner, ...common, ...driver, '--default-fstype=ext4']],
    [snapshotter, [programs.snapshotter, ...common, ...driver, ...(groups ? [GROUPS] : [])]],
  ];
}

/** @returns the log of the driver */
async function startAll(lab: Lab, region: Place): Promise<string> {
  const names = Object.values(region.sidecars);
  // Sidecars that lost their driver are about to end, and would be taken for running ones.
  if (!(await answers(region.socket))) await Promise.all(names.map((name) => lab.program(name).stop()));
  const logFile = await driverReady(lab, region);
  await Promise.all(names.map((name) => lab.program(name).start()));
  return logFile;
}

async function driverReady(lab: Lab, region: Place): Promise<string> {
  const { logFile } = await lab.program(region.driver).start();
  await untilServing({ name: region.driver, logFile, seconds: READY_SECONDS }, async () =>
    (await answers(region.socket)) ? true : undefined,
  );
  return logFile;
}

async function each(
  lab: Lab,
  region: Place,
  end: (program: ReturnType<Lab['program']>) => Promise<void>,
): Promise<void> {
  await Promise.all([region.driver, ...Object.values(region.sidecars)].map((name) => end(lab.program(name))));
  // So that nobody takes the driver for a running one.
  rmSync(region.socket, { force: true });
}

function answers(socket: string): Promise<boolean> {
  return new Promise((resolve) => {
    const connection = connect(socket);
    const done = (answered: boolean) => {
      connection.destroy();
      resolve(answered);
    };
    connection.once('connect', () => done(true));
    connection.once('error', () => done(false));
  });
}

async function volumePath(cluster: LabCluster, namespace: string, claim: string): Promise<string> {
  const text = await cluster.kubectl(['-n', namespace, 'get', `pvc/${claim}`, '-o', 'json']);
  const volume = textAt(JSON.parse(text), 'spec', 'volumeName');
  if (volume === undefined) throw new Error(`claim ${namespace}/${claim} of ${cluster.name} is not bound`);
  const found = await cluster.kubectl(['get', `pv/${volume}`, '-o', 'json']);
  const path = textAt(JSON.parse(found), 'spec', 'csi', 'volumeAttributes', 'path');
  if (path === undefined) throw new Error(`volume ${volume} of ${cluster.name} is not one of ${CSI_DRIVER}`);
  return path;
}
