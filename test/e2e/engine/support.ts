/** What the engine's tests share: clients on the lab's clusters, a scenario, and waiting for what only time brings. */

import { waitFor } from '../../../hack/harness/wait.ts';
import type { LabCluster } from '../../../hack/lab/types.ts';
import type { KubeObject } from '../../../src/api/object.ts';
import { type DRScenarioSpec, drScenarioSpec } from '../../../src/api/v1alpha1/dr-scenario.ts';
import { type Clock, instant, type Tick } from '../../../src/domain/time.ts';
import type {
  ApplyOutcome,
  Engine,
  OpenPoint,
  RestoreOptions,
  ScenarioIdentity,
} from '../../../src/engines/engine.ts';
import type { Cluster } from '../../../src/kube/cluster.ts';
import { createCluster } from '../../../src/kube/cluster-client.ts';
import { parseKubeconfig } from '../../../src/kube/kubeconfig.ts';
import type { Log } from '../../../src/kube/log.ts';
import { unobservedClient } from '../../../src/kube/observers.ts';

export const clock: Clock = {
  now: () => instant(Date.now()),
  tick: () => performance.now() as Tick,
  sleep: (delay, signal) =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(resolve, delay);
      signal.addEventListener('abort', () => {
        clearTimeout(timer);
        reject(new Error('stopped', { cause: signal.reason }));
      });
    }),
};

export const silent: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };

/** A client as the operator would have it, through the lab's link. */
export async function connect(
  lab: LabCluster,
  credentials?: { readonly clientCertificate: string; readonly clientKey: string },
): Promise<Cluster> {
  const parsed = parseKubeconfig(await lab.linkedKubeconfig(credentials), { kind: 'secret' }, clock.now());
  if (parsed.kind === 'invalid') throw new Error(parsed.message);
  return createCluster(parsed.connection, {
    name: lab.name,
    clock,
    random: Math.random,
    log: silent,
    observer: unobservedClient,
  });
}

export function specFor(
  namespaces: readonly string[],
  resources: Partial<DRScenarioSpec['resources']> = {},
): DRScenarioSpec {
  return drScenarioSpec.parse({
    source: { region: 'eu-west' },
    recovery: { region: 'eu-north' },
    objectives: { rpo: '5m', rto: '10m' },
    resources: { namespaces, ...resources },
  });
}

/** Asked again while a kind among them is not served yet, or the account that a Pod is to have is not there. */
export async function apply(lab: LabCluster, ...objects: readonly object[]): Promise<void> {
  const input = JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects });
  await waitFor({ what: `objects to be applied to ${lab.name}`, seconds: 60 }, () =>
    lab.kubectl(['apply', '--server-side', '-f', '-'], { input }),
  );
}

/** Waits until a cluster and this client of it know the kind, which has just been defined. */
export async function untilServed(
  cluster: Cluster,
  kind: Pick<KubeObject, 'apiVersion' | 'kind'>,
  signal: AbortSignal,
): Promise<void> {
  await waitFor({ what: `${cluster.name} to serve ${kind.kind}`, seconds: 120, every: 100 }, async () => {
    await cluster.discover(signal, { refresh: true });
    return cluster.typeFor(kind, signal);
  });
}

/** Captures and opens a point. @throws when the capture has any other result */
export async function pointOf(
  engine: Engine,
  scenario: ScenarioIdentity,
  spec: DRScenarioSpec,
  source: Cluster,
  signal: AbortSignal,
): Promise<OpenPoint> {
  const result = await engine.capture(scenario, spec, { source, recovery: undefined }, signal);
  if (result.kind !== 'captured') throw new Error(JSON.stringify(result));
  return engine.open(result.point.manifest.name, signal);
}

/** With a quarter of a second after each. */
const ATTEMPTS = 480;

/**
 * Restores all units in their order, trying again what is blocked (a definition
 * takes a moment to be served).
 * @throws with the message of what was not applied in the end
 */
export const restoreAll = (
  engine: Engine,
  point: OpenPoint,
  scenario: ScenarioIdentity,
  target: Cluster,
  signal: AbortSignal,
): Promise<readonly ApplyOutcome[]> =>
  restoreUnits(point.manifest.units, { engine, point, scenario, target, conflicts: 'Report' }, signal);

export interface Restoring extends RestoreOptions {
  readonly engine: Engine;
  readonly point: OpenPoint;
  readonly scenario: ScenarioIdentity;
  readonly target: Cluster;
}

/** Some units, as restoreAll does. @throws with the message of what was not applied in the end */
export async function restoreUnits(
  units: OpenPoint['manifest']['units'],
  { engine, point, scenario, target, conflicts }: Restoring,
  signal: AbortSignal,
): Promise<readonly ApplyOutcome[]> {
  const all: ApplyOutcome[] = [];
  for (const { objects } of units) {
    for (let attempt = 1; ; attempt += 1) {
      const outcomes = await engine.restore(point, objects, scenario, target, { conflicts }, signal);
      const obstacle = outcomes.find((outcome) => outcome.kind !== 'applied');
      if (obstacle === undefined) {
        all.push(...outcomes);
        break;
      }
      if (obstacle.kind !== 'blocked' || attempt === ATTEMPTS) throw new Error(obstacle.message);
      await clock.sleep(250 as never, signal);
    }
  }
  return all;
}
