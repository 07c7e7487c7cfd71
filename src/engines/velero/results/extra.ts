/** Files that Velero leaves beside the archive of a backup. */
import type { Store } from '../../../store/store.ts';
import { extraKey } from '../../native/points/layout.ts';
import { unpackJson } from './results.ts';

/** One of the optional files of a backup, unpacked; undefined when there is none. @throws StoreError */
export async function extra(store: Store, name: string, file: string, signal: AbortSignal): Promise<unknown> {
  const packed = await store.get(extraKey(name, file), signal);
  return packed === undefined ? undefined : unpackJson(packed);
}

/** Key of what Velero has logged while it made a backup. */
export const logKey = (name: string): string => extraKey(name, 'logs.gz');
