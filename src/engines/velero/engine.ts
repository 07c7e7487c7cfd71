/**
 * The Velero engine: points are Velero's backups, made and restored by the
 * Velero servers of both regions, with a manifest of ours beside them. What
 * needs no Velero (reading, proving and judging a point) is the native engine's,
 * as both keep their points in the same form. This file only joins the parts.
 */
import type { Clock } from '../../domain/time.ts';
import type { Clusters } from '../../kube/cluster.ts';
import type { Log } from '../../kube/log.ts';
import type { Store } from '../../store/store.ts';
import type { ApplyOutcome, CaptureResult, Engine } from '../engine.ts';
import { nothingKnown } from '../native/points/survey.ts';
import { capture } from './backup/capture.ts';
import { checkLocation } from './location.ts';
import { VeleroProblem } from './problem.ts';
import { collectGarbage, prune } from './prune.ts';
import { proveMoved } from './restore/prove.ts';
import { restore } from './restore/restore.ts';
import type { WaveAnswer } from './restore/run-wave.ts';
import type { Waves } from './restore/waves.ts';
import type { VeleroSettings } from './settings.ts';

export interface VeleroEngineDeps {
  /** On the same store. */
  readonly native: Engine;
  readonly store: Store;
  readonly clusters: Pick<Clusters, 'region'>;
  readonly clock: Clock;
  readonly log: Log;
  /** Uid of the objective cluster, when known. */
  readonly objective?: string | undefined;
}

export function veleroEngine(given: VeleroEngineDeps, settings: VeleroSettings): Engine {
  const { native } = given;
  const busy = new Set<string>();
  const waves = new Map<string, Waves<WaveAnswer>>();
  const deps = { ...given, settings, busy, waves, manifests: nothingKnown() };
  return {
    ...native,
    capture: (scenario, spec, regions, signal) =>
      capture(deps, scenario, spec, regions, signal).catch(asIncomplete),
    prune: (scenario, request, signal) => prune(deps, scenario, request, signal),
    // Of a listed point only the record could go here, and that Velero makes again from its files.
    collectGarbage: (scenario, region, _listed, signal) => collectGarbage(deps, scenario, region, signal),
    // A Backup bears the uid of its scenario, and one of another uid is never touched.
    formerPoints: async () => [],
    preflight: async (point, scenario, target, signal) => {
      const obstacles = await native.preflight(point, scenario, target, signal);
      try {
        await checkLocation(target, settings, 'read', signal);
        return obstacles;
      } catch (error) {
        return [...obstacles, asObstacle(error, settings)];
      }
    },
    prove: async (point, keys, target, signal) =>
      new Map([
        ...(await native.prove(point, keys, target, signal)),
        ...(await proveMoved(point.manifest, keys, target, signal)),
      ]),
    restore: (point, keys, scenario, target, options, signal) =>
      restore(deps, point, keys, scenario, target, options, signal),
  };
}

/** @throws what is no VeleroProblem */
function asIncomplete(error: unknown): CaptureResult {
  if (error instanceof VeleroProblem) return { kind: 'incomplete', messages: [error.message] };
  throw error;
}

/** @throws what is no VeleroProblem */
function asObstacle(error: unknown, { namespace, storageLocation }: VeleroSettings): ApplyOutcome {
  if (!(error instanceof VeleroProblem)) throw error;
  const key = `BackupStorageLocation.velero.io/${namespace}/${storageLocation}`;
  return { kind: 'blocked', key, message: error.message };
}
