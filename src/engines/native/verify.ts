/**
 * Proves a point: reads it back from the store as a recovery would, checks
 * every digest, and holds it against the source.
 */
import type { DRScenarioSpec } from '../../api/v1alpha1/dr-scenario.ts';
import type { Clock } from '../../domain/time.ts';
import type { Cluster } from '../../kube/cluster.ts';
import type { Store } from '../../store/store.ts';
import { PointDamagedError, type PublishedPoint, type VerifyResult } from '../engine.ts';
import { collect } from './collect.ts';
import { compare } from './compare.ts';
import { openPoint } from './points.ts';

/** Differences named in a result; there may be thousands. */
const NAMED = 20;

/** See Engine.verify. @throws KubeError, StoreError */
export async function verify(
  { store, clock }: { readonly store: Store; readonly clock: Clock },
  point: PublishedPoint,
  spec: DRScenarioSpec,
  source: Cluster,
  signal: AbortSignal,
): Promise<VerifyResult> {
  try {
    await openPoint(store, point.manifest.name, signal, point.digest);
  } catch (error) {
    if (error instanceof PointDamagedError) return { kind: 'mismatch', differences: [error.message] };
    throw error;
  }
  const at = clock.now();
  const now = await collect(spec, source, signal);
  const { differences, compared, changedSince } = compare(point.manifest, now);
  if (differences.length === 0) return { kind: 'verified', at, compared, changedSince };
  const rest = differences.length - NAMED;
  const more = rest > 0 ? [`and ${rest} more`] : [];
  return { kind: 'mismatch', differences: [...differences.slice(0, NAMED), ...more] };
}
