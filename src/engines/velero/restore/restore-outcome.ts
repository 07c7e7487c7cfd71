/** What became of the objects of a Restore that has ended, in Velero's words. */
import { parseRefKey } from '../../../api/object.ts';
import type { Log } from '../../../kube/log.ts';
import type { Store } from '../../../store/store.ts';
import {
  type Complaint,
  type RestoredAs,
  readRestored,
  readResults,
  unpackJson,
} from '../results/results.ts';
import { withLog } from '../results/velero-log.ts';
import { restoreFile } from '../settings.ts';
import type { End } from '../stage.ts';

export interface RestoreOutcome {
  /** By refKey, of those objects that Velero could not restore. */
  readonly failed: ReadonlyMap<string, string>;
  /** What else it complains of. */
  readonly warnings: readonly Complaint[];
}

/** What is there already is brought to the state of the point afterwards, by our own apply. */
const SETTLED = /already exists/;

/** @param keys of the objects that were to be restored. @throws StoreError */
export async function outcome(
  restore: string,
  keys: readonly string[],
  stage: End,
  { store, log }: { readonly store: Store; readonly log: Log },
  signal: AbortSignal,
): Promise<RestoreOutcome> {
  const explained = (reason: string) => withLog(reason, restoreFile(restore, 'logs.gz'), store, signal);
  if (stage.kind === 'failed') {
    const reason = await explained(stage.reason);
    const failed = new Map(keys.map((key) => [key, `Velero restore ${restore} failed: ${reason}`]));
    return { failed, warnings: [] };
  }
  const [results, list] = await Promise.all(
    ['results.gz', 'resource-list.json.gz'].map(async (file) => {
      const packed = await store.get(restoreFile(restore, file), signal);
      return packed === undefined ? undefined : unpackJson(packed);
    }),
  );
  const { errors, warnings } = readResults(results);
  const restored = readRestored(list);
  const failed = new Map<string, string>();
  for (const key of keys) {
    const said = failureOf(key, restored.get(key), errors);
    if (said === undefined) continue;
    const text = said.length === 0 ? await explained('it gives no reason') : said.join('; ');
    failed.set(key, `Velero could not restore it: ${text}`);
  }
  const others = [...errors.filter(({ name }) => name === undefined), ...warnings];
  const told = others.filter(({ text }) => !SETTLED.test(text));
  for (const { text } of told) log.warn({ restore, text }, 'Velero warns');
  return { failed, warnings: told };
}

/**
 * Undefined when it went well, or when Velero says nothing of it; empty when it
 * failed without a word. By name and place: its errors name the plural, which
 * only a cluster can translate.
 */
function failureOf(
  key: string,
  action: RestoredAs | undefined,
  errors: readonly Complaint[],
): readonly string[] | undefined {
  if (action === 'created' || action === 'updated') return undefined;
  const ref = parseRefKey(key);
  const said = errors.filter((one) => one.name === ref?.name && one.namespace === ref?.namespace);
  if (said.length > 0) return [...new Set(said.map(({ text }) => text))];
  return action === 'failed' ? [] : undefined;
}
