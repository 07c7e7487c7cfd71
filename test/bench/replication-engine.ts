/**
 * The native engine on the S3 server that Velero writes to. Apart from the rest
 * of the measurement so that a process can run it and load nothing else.
 */
import { type DRScenarioSpec, drScenarioSpec } from '../../src/api/v1alpha1/dr-scenario.ts';
import { systemClock } from '../../src/clock.ts';
import { seconds } from '../../src/domain/time.ts';
import type { Engine } from '../../src/engines/engine.ts';
import { nativeEngine } from '../../src/engines/native/engine.ts';
import { createMirrors } from '../../src/engines/native/source/mirrors.ts';
import type { Cluster } from '../../src/kube/cluster.ts';
import { s3Store } from '../../src/store/s3.ts';
import type { Store } from '../../src/store/store.ts';
import { quiet } from '../e2e/connect.ts';

export const NATIVE_BUCKET = 'bench-native';
/** Between two cycles, so that what the mirror does by itself falls into some of them. */
export const PAUSE = seconds(1);
/** Controllers that were still at work have come to rest by then. */
const MOST_CAPTURES = 120;
const signal = new AbortController().signal;

/** What a process needs to write to the S3 server. */
export interface S3Place {
  readonly endpoint: string;
  readonly region: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** The native engine's bucket, on the server that Velero writes to. */
export function nativeStore({ endpoint, region, accessKeyId, secretAccessKey }: S3Place): Store {
  const encoded = (text: string): string => Buffer.from(text).toString('base64');
  const secrets = async () => ({
    accessKeyId: encoded(accessKeyId),
    secretAccessKey: encoded(secretAccessKey),
  });
  const place = { bucket: NATIVE_BUCKET, region, endpoint, forcePathStyle: true, credentialsSecret: 's3' };
  return s3Store(place, { secrets, clock: systemClock, random: Math.random });
}

export function scenarioOf(namespace: string): DRScenarioSpec {
  return drScenarioSpec.parse({
    source: { region: 'eu-west' },
    recovery: { region: 'eu-north' },
    objectives: { rpo: '5m', rto: '10m' },
    resources: { namespaces: [namespace] },
  });
}

/** As in the operator. @param stop ends its watches */
export function mirroredEngine(store: Store, stop: AbortSignal): Engine {
  const mirrors = createMirrors({ clock: systemClock, log: quiet }, stop);
  return nativeEngine({ store, clock: systemClock, log: quiet, mirrors });
}

/** Captures until there is nothing more to capture. @throws Error when the source does not come to rest */
export async function untilUnchanged(engine: Engine, source: Cluster, namespace: string): Promise<void> {
  for (let attempt = 0; attempt < MOST_CAPTURES; attempt += 1) {
    if ((await captureOnce(engine, source, namespace)) === 'unchanged') return;
    await systemClock.sleep(PAUSE, signal);
  }
  throw new Error(`${namespace} still changes after ${MOST_CAPTURES} captures`);
}

/** A point is only taken as unchanged once it was verified. */
export async function captureOnce(engine: Engine, source: Cluster, namespace: string): Promise<string> {
  const [regions, spec] = [{ source, recovery: undefined }, scenarioOf(namespace)];
  const result = await engine.capture(identityOf(namespace), spec, regions, signal);
  if (result.kind === 'captured') await engine.verify(result.point, spec, regions, signal);
  return result.kind;
}

export const identityOf = (namespace: string) => ({
  namespace: 'dr',
  name: `idle-${namespace}`,
  uid: namespace,
});
