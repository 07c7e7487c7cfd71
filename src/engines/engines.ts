/** Which engine a scenario's points are made and restored with; the same one for the same store and settings. */
import type { DRScenarioSpec } from '../api/v1alpha1/dr-scenario.ts';
import type { Clock } from '../domain/time.ts';
import type { Clusters } from '../kube/cluster.ts';
import type { Log } from '../kube/log.ts';
import { placeKey, type Stores } from '../store/stores.ts';
import type { Engine } from './engine.ts';
import { nativeEngine } from './native/engine.ts';
import type { ClusterLimits } from './native/restore/cluster-limits.ts';
import type { Mirrors } from './native/source/mirrors.ts';
import { veleroEngine } from './velero/engine.ts';
import { settingsOf } from './velero/settings.ts';

export interface EnginesDeps {
  readonly stores: Stores;
  readonly clusters: Pick<Clusters, 'region'>;
  readonly clock: Clock;
  readonly log: Log;
  /** Of all that send to recovery clusters. */
  readonly limits: ClusterLimits;
  /** Of the source regions, shared by all engines. */
  readonly mirrors: Mirrors;
  /** Uid of the objective cluster, when known. */
  readonly objective: string | undefined;
}

export interface Engines {
  readonly of: (spec: DRScenarioSpec) => Engine;
  /** As {@link Engine.forget}, by all of them: which one a scenario had is not known any more when it is gone. */
  readonly forget: Engine['forget'];
}

export function createEngines(deps: EnginesDeps): Engines {
  const { stores, clock, log, limits, mirrors, objective } = deps;
  const engines = new Map<string, Engine>();
  const once = (key: string, make: () => Engine): Engine => {
    const engine = engines.get(key) ?? make();
    engines.set(key, engine);
    return engine;
  };
  const of = (spec: DRScenarioSpec): Engine => {
    const place = stores.place(spec);
    const store = stores.at(place);
    const native = once(placeKey(place), () =>
      nativeEngine({ store, clock, log, limits, mirrors, objective }),
    );
    // A point of another time, in a directory, is restored without Velero: it cannot read it there.
    const settings = spec.replication.engine === 'velero' ? settingsOf(spec) : undefined;
    if (settings === undefined) return native;
    const key = `${placeKey(place)} ${JSON.stringify(settings)}`;
    return once(key, () => veleroEngine({ ...deps, native, store }, settings));
  };
  return {
    of,
    forget: (scenario) => {
      for (const engine of engines.values()) engine.forget(scenario);
    },
  };
}
