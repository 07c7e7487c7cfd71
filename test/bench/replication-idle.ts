/** What a cycle costs in which the source has not changed, with the mirror open as in the operator. */
import { systemClock } from '../../src/clock.ts';
import { testClient } from '../e2e/kube/client.ts';
import { captureOnce, mirroredEngine, nativeStore, PAUSE, untilUnchanged } from './replication-engine.ts';
import type { Idle } from './replication-report.ts';
import type { World } from './replication-world.ts';

const CYCLES = 9;
const signal = new AbortController().signal;

export async function measureIdle(world: World, namespace: string, objects: number): Promise<Idle> {
  const { cluster, calls } = testClient(await world.lab.source.linkedKubeconfig());
  const stop = new AbortController();
  try {
    const engine = mirroredEngine(nativeStore(world.velero.s3), stop.signal);
    await untilUnchanged(engine, cluster, namespace);
    const cycles: { readonly millis: number; readonly requests: number }[] = [];
    while (cycles.length < CYCLES) {
      const [before, begun] = [calls.length, performance.now()];
      const kind = await captureOnce(engine, cluster, namespace);
      const millis = performance.now() - begun;
      if (kind !== 'unchanged') throw new Error(`the source has changed while nobody wrote to it: ${kind}`);
      await systemClock.sleep(PAUSE, signal);
      cycles.push({ millis, requests: calls.length - before });
    }
    return {
      objects,
      millis: cycles.map(({ millis }) => Math.round(millis * 10) / 10),
      requests: cycles.map(({ requests }) => requests),
    };
  } finally {
    stop.abort();
    await cluster.close();
  }
}
