/**
 * Real volumes and snapshots in both regions: the lab's CSI driver with the
 * sidecars and the snapshot controller that a cloud's clusters have. The two
 * drivers serve one backend, as with storage that spans regions, or each its
 * own.
 */
import { join } from 'node:path';
import { provideBinaries } from '../lab/build/ensure.ts';
import type { Lab } from '../lab/types.ts';
import { ensureCsiRegion, type LabCsiRegion } from './csi-region.ts';

export interface CsiOptions {
  /** `shared`: a snapshot of one region can be imported by its handle in the other. */
  readonly backend: 'shared' | 'separate';
  /** Volumes are bound to the nodes of their region. @default false */
  readonly topology?: boolean;
  /** Whether the sidecar of the driver has the feature gate for groups; the snapshot controller has. @default true */
  readonly groups?: boolean;
  /** A line for people per program that is built. Default: nothing is said. */
  readonly progress?: (line: string) => void;
}

export interface LabCsi {
  readonly source: LabCsiRegion;
  readonly recovery: LabCsiRegion;
}

/**
 * Driver and sidecars of both regions, running and without faults: started now, or by an earlier call of any
 * process. A call with other options restarts them for these; volumes on the former backend are then not
 * known any more. Both clusters must be up.
 * @throws LabError, or Error with a driver's log
 */
export async function ensureCsi(lab: Lab, options: CsiOptions): Promise<LabCsi> {
  const progress = options.progress ?? (() => undefined);
  const binaries = provideBinaries(
    { environment: process.env, progress, monotonic: () => performance.now() },
    ['csi-provisioner', 'csi-snapshotter', 'snapshot-controller'],
  );
  const programs = {
    provisioner: await binaries.path('csi-provisioner'),
    snapshotter: await binaries.path('csi-snapshotter'),
    snapshotController: await binaries.path('snapshot-controller'),
  };
  const region = async (role: 'source' | 'recovery'): Promise<LabCsiRegion> => {
    const backend = options.backend === 'shared' ? 'csi-backend' : `csi-backend-${role}`;
    const ensured = await ensureCsiRegion(lab, role, {
      programs,
      backend: join(lab.directory, backend),
      topology: options.topology ?? false,
      groups: options.groups ?? true,
    });
    // Those of an earlier test that failed.
    ensured.setFaults({});
    return ensured;
  };
  const [source, recovery] = await Promise.all([region('source'), region('recovery')]);
  return { source, recovery };
}
