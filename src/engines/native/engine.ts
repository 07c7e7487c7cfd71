/**
 * The native engine: recovery points of API objects, read through the API,
 * kept in a store, put back through the API. This file only joins the parts.
 */
import type { Clock } from '../../domain/time.ts';
import type { Log } from '../../kube/log.ts';
import type { Store } from '../../store/store.ts';
import type { Engine } from '../engine.ts';
import { capture } from './capture.ts';
import { collectHalfWritten, listPoints, openPoint, prunePoints } from './points.ts';
import { preflight } from './preflight.ts';
import { rehearse } from './rehearse.ts';
import { restoreObjects } from './restore.ts';
import { verify } from './verify.ts';

export interface NativeEngineDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly log: Log;
}

export function nativeEngine({ store, clock, log }: NativeEngineDeps): Engine {
  const busy = new Set<string>();
  const deps = { store, clock, log, busy };
  return {
    capture: (scenario, spec, source, signal) => capture(deps, scenario, spec, source, signal),
    verify: (point, spec, source, signal) => verify(deps, point, spec, source, signal),
    points: (scenario, signal) => listPoints(store, scenario, log, signal),
    prune: async (scenario, keep, inUse, signal) => {
      const collected = await collectHalfWritten(store, scenario, busy, clock.now(), signal);
      if (collected.length > 0)
        log.info({ points: collected, store: store.location }, 'removed recovery points never published');
      const points = await listPoints(store, scenario, log, signal);
      return prunePoints(store, points, keep, inUse, signal);
    },
    open: (name, signal) => openPoint(store, name, signal),
    preflight,
    rehearse,
    restore: restoreObjects,
  };
}
