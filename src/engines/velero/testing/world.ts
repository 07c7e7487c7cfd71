/** For tests: two regions with Velero, a small application in the source, and the engine on a store of its own. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type DRScenarioSpec, drScenarioSpec } from '../../../api/v1alpha1/dr-scenario.ts';
import type { Store } from '../../../store/store.ts';
import { directoryStore } from '../../../store/testing/directory-store.ts';
import { type ManualClock, manualClock } from '../../../testing/manual-clock.ts';
import { anObject } from '../../../testing/objects.ts';
import { silent } from '../../../testing/silent-log.ts';
import type { CaptureResult, Engine, ScenarioIdentity } from '../../engine.ts';
import { nativeEngine } from '../../native/engine.ts';
import { veleroEngine } from '../engine.ts';
import { settingsOf } from '../settings.ts';
import { BUCKET, type VeleroRegion, veleroRegion } from './region.ts';

export const shop: ScenarioIdentity = { namespace: 'dr', name: 'shop', uid: 'uid-1' };

export interface VeleroWorld {
  readonly store: Store;
  readonly clock: ManualClock;
  readonly source: VeleroRegion;
  readonly recovery: VeleroRegion;
  /** Remembers nothing, as after a restart. */
  readonly engine: () => Engine;
  readonly capture: (spec?: DRScenarioSpec) => Promise<CaptureResult>;
  readonly remove: () => Promise<void>;
}

export function specWith(replication: object = {}, resources: object = {}): DRScenarioSpec {
  return drScenarioSpec.parse({
    source: { region: 'eu-west' },
    recovery: { region: 'eu-north' },
    objectives: { rpo: '5m', rto: '10m' },
    resources: { namespaces: ['shop'], ...resources },
    replication: { engine: 'velero', store: { s3: { bucket: BUCKET } }, ...replication },
  });
}

export async function veleroWorld(): Promise<VeleroWorld> {
  const root = await mkdtemp(join(tmpdir(), 'antipode-velero-'));
  const clock = manualClock();
  const store = directoryStore(root);
  const source = veleroRegion(
    'eu-west',
    store,
    anObject('Namespace', 'shop'),
    anObject('ConfigMap', 'shop/settings', { data: { colour: 'green' } }),
    anObject('Widget', 'shop/gadget', { apiVersion: 'shop.test/v1' }),
  );
  const recovery = veleroRegion('eu-north', store);
  const settings = settingsOf(specWith());
  if (settings === undefined) throw new Error('a scenario with a bucket has settings');
  const regions = { source: source.cluster, recovery: recovery.cluster };
  const region = (name: string) => ({
    kind: 'available' as const,
    cluster: name === 'eu-west' ? regions.source : regions.recovery,
  });
  const engine = (): Engine =>
    veleroEngine(
      {
        native: nativeEngine({ store, clock, log: silent }),
        store,
        clusters: { region },
        clock,
        log: silent,
      },
      settings,
    );
  const { signal } = new AbortController();
  return {
    store,
    clock,
    source,
    recovery,
    engine,
    capture: (spec = specWith()) => engine().capture(shop, spec, regions, signal),
    remove: () => rm(root, { recursive: true, force: true }),
  };
}
