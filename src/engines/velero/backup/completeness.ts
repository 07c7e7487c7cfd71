/**
 * Whether everything that belongs to a point made it into Velero's archive.
 * Velero calls a backup PartiallyFailed for any error of any object, so its
 * word decides nothing here: what counts is each object of the selection.
 */
import { parseRefKey } from '../../../api/object.ts';
import type { Cluster, ResourceType } from '../../../kube/cluster.ts';
import type { Collection } from '../../native/capture/collect.ts';
import { inParallel } from '../../native/parallel.ts';
import { about, type Complaint, readResults } from '../results/results.ts';
import type { Requested } from './request.ts';

/** Requests under way at once. */
const PARALLEL = 8;
/** More is of no use to anybody. */
const NAMED = 20;

interface Run {
  readonly requested: Requested;
  readonly live: Collection;
  readonly source: Cluster;
}

/**
 * A sentence for each object that the source had before the backup, still has,
 * and that is not in it.
 * @param archived refKeys of everything in the archive
 * @param results what `<backup>-results.gz` holds
 * @throws KubeError
 */
export async function missingObjects(
  archived: ReadonlySet<string>,
  { requested, live, source }: Run,
  results: unknown,
  signal: AbortSignal,
): Promise<readonly string[]> {
  const kinds = new Set([...archived].map(kindOf));
  const { errors } = readResults(results);
  const missing = [...live.included].flatMap(([key, { type }]) =>
    archived.has(key) ? [] : [{ key, type, said: complaintsAbout(key, type, errors) }],
  );
  // An earlier run's backup is older than what was seen now: only what Velero complains of is known to be missing.
  const suspects = requested.isAdopted ? missing.filter(({ said }) => said.length > 0) : missing;
  const sentences = await inParallel(suspects.slice(0, NAMED), PARALLEL, async ({ key, type, said }) =>
    (await isStillThere(key, type, source, signal))
      ? [`${key} is not in Velero backup ${requested.name}: ${explain(said, kinds.has(kindOf(key)))}`]
      : [],
  );
  return sentences.flat();
}

function complaintsAbout(key: string, type: ResourceType, errors: readonly Complaint[]): readonly string[] {
  const ref = parseRefKey(key);
  if (ref === undefined) return [];
  const resource = type.group === '' ? type.resource : `${type.resource}.${type.group}`;
  return about(errors, { resource, namespace: ref.namespace, name: ref.name });
}

const kindOf = (key: string): string => key.slice(0, key.indexOf('/'));

function explain(said: readonly string[], hasKind: boolean): string {
  if (said.length > 0) return [...new Set(said)].join('; ');
  return hasKind
    ? 'Velero gives no reason; is it labelled velero.io/exclude-from-backup?'
    : 'nor is anything of its kind; Velero learns of a new kind within five minutes, or when its server is restarted';
}

async function isStillThere(
  key: string,
  type: ResourceType,
  source: Cluster,
  signal: AbortSignal,
): Promise<boolean> {
  const ref = parseRefKey(key);
  if (ref === undefined) return false;
  const { name, namespace } = ref;
  const found = await source.get(type, namespace === undefined ? { name } : { namespace, name }, signal);
  return found !== undefined && found.metadata.deletionTimestamp === undefined;
}
