/**
 * APIs that the source is known to have and that nobody can see now, usually
 * because the server behind an APIService is down. A kind of theirs that was
 * captured before must not vanish from the copy as if it had been deleted.
 */
import { parseRefKey } from '../../../api/object.ts';
import type { DRScenarioSpec } from '../../../api/v1alpha1/dr-scenario.ts';
import { kindName } from '../../../domain/graph/kinds.ts';
import { exclusion } from '../../../domain/graph/select.ts';
import { KubeError } from '../../../kube/errors.ts';
import type { Kinds } from './sight.ts';

/**
 * @param captured refKeys of what an earlier point holds
 * @throws KubeError naming the kinds of it that cannot be seen, and what to do
 */
export function refuseToForget(
  { failed, lookup }: Kinds,
  captured: readonly string[],
  resources: DRScenarioSpec['resources'],
  cluster: string,
): void {
  const excluded = exclusion(resources);
  const lost = new Map<string, string>();
  for (const key of captured) {
    const ref = parseRefKey(key);
    if (ref === undefined || lookup(ref.group, ref.kind) !== undefined || excluded(ref)) continue;
    const api = failed.find(({ group }) => group === ref.group);
    if (api !== undefined)
      lost.set(kindName(ref.group, ref.kind), `${api.group}/${api.version}: ${api.message}`);
  }
  const [first] = lost;
  if (first === undefined) return;
  const kinds = [...lost.keys()].toSorted();
  throw new KubeError(
    'Unavailable',
    `${cluster}: cannot list ${kinds.join(', ')}: the API is registered but cannot be discovered (${first[1]}). ` +
      `Nothing was captured, so that what was copied of it before is not missing: repair the server of its ` +
      `APIService, or leave it out with resources.excludeKinds: [${kinds.join(', ')}]`,
    { cluster },
  );
}

/** What is to be said of APIs of which nothing was ever captured. */
export function failedApiWarnings({ failed }: Kinds): readonly string[] {
  return [...new Set(failed.map(({ group, version, message }) => `${group}/${version}: ${message}`))]
    .toSorted()
    .map((api) => `an API could not be discovered, and whatever is kept in it is not in the copy: ${api}`);
}
