/** The place in which replication is measured: a source with loads, Velero in both regions, one S3 server for all. */
import { ensureVelero, type LabVelero } from '../../hack/harness/velero.ts';
import type { Lab } from '../../hack/lab/types.ts';
import type { Cluster } from '../../src/kube/cluster.ts';
import { connect } from '../e2e/connect.ts';
import { NATIVE_BUCKET } from './replication-engine.ts';
import { type BareClient, bareClient, mixedLoad } from './restore-load.ts';
import { untilSettled } from './restore-rates.ts';

export const VELERO_BUCKET = 'bench-velero';

export interface World {
  readonly lab: Lab;
  readonly velero: LabVelero;
  readonly source: Cluster;
  readonly recovery: Cluster;
  readonly bareSource: BareClient;
  readonly bareRecovery: BareClient;
  close(): Promise<void>;
}

export async function prepareWorld(lab: Lab, progress: (line: string) => void): Promise<World> {
  const velero = await ensureVelero(lab, { bucket: VELERO_BUCKET, progress });
  await velero.s3.makeBucket(NATIVE_BUCKET);
  const [source, recovery] = await Promise.all([connect(lab.source), connect(lab.recovery)]);
  const [bareSource, bareRecovery] = await Promise.all([
    bareClient(lab.source, source),
    bareClient(lab.recovery, recovery),
  ]);
  const closing = [source, recovery, bareSource, bareRecovery];
  const close = async (): Promise<void> => {
    await Promise.all(closing.map((one) => one.close()));
  };
  return { lab, velero, source, recovery, bareSource, bareRecovery, close };
}

/** Puts a load into a namespace of the source; resolves when its controllers have come to rest. */
export async function loadSource(world: World, namespace: string, objects: number): Promise<void> {
  await world.bareSource.write('create', mixedLoad(namespace, objects));
  await untilSettled(world.source, namespace);
}
