/**
 * How fast objects come back, beside a bare client on the same cluster, each way
 * in turn. Waits for readiness are not counted, and each load is left to settle
 * before the next begins.
 */
import type { Lab } from '../../hack/lab/types.ts';
import { at, numberAt } from '../../src/api/fields.ts';
import { systemClock } from '../../src/clock.ts';
import { millis } from '../../src/domain/time.ts';
import { nativeEngine } from '../../src/engines/native/engine.ts';
import type { Cluster } from '../../src/kube/cluster.ts';
import { directoryStore } from '../../src/store/testing/directory-store.ts';
import { connect, quiet } from '../e2e/connect.ts';
import { measureExecution } from './restore-execution.ts';
import { bareClient, mixedLoad, pointOf, restoreUnits } from './restore-load.ts';

const signal = new AbortController().signal;
const WAYS = ['bare apply', 'bare create', 'engine', 'execution'] as const;
export type Way = (typeof WAYS)[number];

/** Objects per second of each way, one for each round. */
export async function restoreRates(
  lab: Lab,
  count: number,
  rounds: number,
  say: (line: string) => void,
): Promise<ReadonlyMap<Way, readonly number[]>> {
  const [recovery, objective] = await Promise.all([connect(lab.recovery), connect(lab.objective)]);
  const bare = await bareClient(lab.recovery, recovery);
  await installCrds(lab, objective);
  const store = directoryStore(lab.directory);
  const engine = nativeEngine({ store, clock: systemClock, log: quiet });
  const run = Date.now().toString(36);
  const measure = async (way: Way, namespace: string): Promise<number> => {
    const objects = mixedLoad(namespace, count);
    const started = performance.now();
    const elapsed = (): number => performance.now() - started;
    const perSecond = (time: number): number => (objects.length / time) * 1000;
    switch (way) {
      case 'bare apply':
        await bare.write('apply', objects);
        return perSecond(elapsed());
      case 'bare create':
        await bare.write('create', objects);
        return perSecond(elapsed());
      case 'engine': {
        const scenario = { namespace: 'dr', name: namespace, uid: 'u' };
        const point = pointOf(namespace, scenario, objects);
        const begun = performance.now();
        await restoreUnits(engine, point, scenario, recovery, signal);
        return perSecond(performance.now() - begun);
      }
      case 'execution':
        break;
    }
    const pointFor = (scenario: Parameters<typeof pointOf>[1]) => pointOf(namespace, scenario, objects);
    const { status, written } = await measureExecution({ objective, recovery }, engine, namespace, pointFor);
    if (status.phase !== 'Succeeded') throw new Error(`the execution failed: ${status.message}`);
    return perSecond(written);
  };
  const rates = new Map<Way, number[]>(WAYS.map((way) => [way, []]));
  // Connections, caches and compiled code are not what is measured.
  await bare.write('apply', mixedLoad(`warm-${run}`, 100));
  for (let round = 0; round < rounds; round += 1) {
    for (const way of WAYS) {
      const namespace = `load-${run}-${round}-${way.replace(' ', '-')}`;
      const rate = await measure(way, namespace);
      rates.get(way)?.push(rate);
      say(`${way.padEnd(12)} ${rate.toFixed(0).padStart(6)} objects/s`);
      await untilSettled(recovery, namespace);
    }
  }
  await Promise.all([recovery.close(), objective.close(), bare.close()]);
  return rates;
}

async function installCrds(lab: Lab, objective: Cluster): Promise<void> {
  await lab.objective.kubectl(['apply', '--server-side', '-f', 'crds']);
  await lab.objective.kubectl(['wait', '--for=condition=Established', 'crd', '--all']);
  await objective.discover(signal, { refresh: true });
}

/** Controllers work on a load long after it is written: they must not slow down the next one. */
export async function untilSettled(cluster: Cluster, namespace: string): Promise<void> {
  const type = await cluster.typeFor({ group: 'apps', kind: 'Deployment' }, signal);
  if (type === undefined) throw new Error('Deployments are not served');
  for (;;) {
    const { items } = await cluster.list(type, { namespace }, signal);
    const isSeen = (object: (typeof items)[number]): boolean =>
      numberAt(object, 'status', 'observedGeneration') === at(object, 'metadata', 'generation');
    if (items.every(isSeen)) return;
    await systemClock.sleep(millis(500), signal);
  }
}
