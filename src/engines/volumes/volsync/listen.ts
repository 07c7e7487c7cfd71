/**
 * Has VolSync listen in the recovery region for one sync of a claim: what takes
 * its time before a sync can begin, and needs nothing of the claim to stand still.
 */
import { type KubeObject, objectKey } from '../../../api/object.ts';
import { bounded, FIELD_MANAGER } from '../../../api/ownership.ts';
import type { DRScenarioSpec } from '../../../api/v1alpha1/dr-scenario.ts';
import { between, type Clock, type Millis, millis, type Tick } from '../../../domain/time.ts';
import { type Connection, connectionOf, destinationOf } from '../../../domain/volumes/volsync.ts';
import type { Cluster } from '../../../kube/cluster.ts';
import { KubeError } from '../../../kube/errors.ts';
import { createUnlessThere } from '../../create-unless-there.ts';
import type { Regions } from '../../engine.ts';
import { compiledTransforms, transformForRecovery } from '../../transformed-point.ts';
import { getOne, type Maker, marksOf, NAMESPACE } from '../kinds.ts';
import { type Ends, untilFree } from './former.ts';
import { REPLICATION_DESTINATION, REPLICATION_SOURCE } from './kinds.ts';

const PAUSE = millis(500);
const NAME_LIMIT = 63;
export const APPLY = { fieldManager: FIELD_MANAGER, force: true };

export interface SyncRequest {
  readonly point: string;
  /** Of the source, with why VolSync copies it. */
  readonly claims: readonly { readonly claim: KubeObject; readonly reason: string }[];
  readonly spec: DRScenarioSpec;
  readonly regions: Regions;
  readonly maker: Maker;
  readonly clock: Clock;
  /** How long VolSync may take to begin. */
  readonly patience: Millis;
}

export interface Key {
  readonly namespace: string;
  readonly name: string;
}

export interface Listening {
  /** Of the ReplicationDestination. */
  readonly there: Key;
  readonly connection: Connection;
}

/** Of the ReplicationSource of a claim; its destination has the same name. */
export const originKey = ({ metadata: { namespace = '', name } }: KubeObject): Key => ({
  namespace,
  name: bounded(`antipode-${name}`, NAME_LIMIT),
});

/** @returns why it does not listen. @throws KubeError */
export function listen(
  claim: KubeObject,
  recovery: Cluster,
  request: SyncRequest,
  since: Tick,
  signal: AbortSignal,
): Promise<Listening | string> {
  const { point, spec, maker, regions } = request;
  const here = originKey(claim);
  const wanted = asInRecovery(claim, spec);
  const there = { ...here, namespace: wanted.metadata.namespace ?? here.namespace };
  const ends: Ends = [
    { cluster: regions.source, kind: REPLICATION_SOURCE, key: here },
    { cluster: recovery, kind: REPLICATION_DESTINATION, key: there },
  ];
  return orRefusal(async () => {
    const obstacle = await untilFree(ends, maker, { ...request, since }, signal);
    if (obstacle !== undefined) return obstacle;
    await provideNamespace(there.namespace, maker, point, recovery, signal);
    const metadata = marksOf(maker, 'volsync', point);
    const destination = destinationOf({ ...there, claim: wanted, trigger: point, metadata });
    await recovery.apply(destination, APPLY, signal);
    const connection = await untilListening(there, recovery, request, since, signal);
    if (connection !== undefined) return { there, connection };
    return `VolSync in ${recovery.name} gives no address for it: see whether it runs, and the Service of ReplicationDestination ${there.namespace}/${there.name}`;
  });
}

/** What is refused for good is told, the claim can be named with it. */
export async function orRefusal<T>(work: () => Promise<T | string>): Promise<T | string> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof KubeError) || error.retry === 'backoff') throw error;
    return error.message;
  }
}

function asInRecovery(claim: KubeObject, { replication: { transforms } }: DRScenarioSpec): KubeObject {
  const outcome = transformForRecovery([claim], compiledTransforms(transforms)).outcomes.get(
    objectKey(claim),
  );
  return outcome?.kind === 'transformed' ? outcome.object : claim;
}

/** Marked as ours: the restore completes it with what the source's has. */
async function provideNamespace(
  name: string,
  maker: Maker,
  point: string,
  recovery: Cluster,
  signal: AbortSignal,
): Promise<void> {
  if ((await getOne(recovery, NAMESPACE, { name }, signal)) !== undefined) return;
  const { labels } = marksOf(maker, 'volsync', point);
  await createUnlessThere(
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels } },
    recovery,
    signal,
  );
}

async function untilListening(
  there: Key,
  recovery: Cluster,
  { clock, patience }: SyncRequest,
  since: Tick,
  signal: AbortSignal,
): Promise<Connection | undefined> {
  for (;;) {
    const connection = connectionOf(await getOne(recovery, REPLICATION_DESTINATION, there, signal));
    if (connection !== undefined || between(since, clock.tick()) >= patience) return connection;
    await clock.sleep(PAUSE, signal);
  }
}
