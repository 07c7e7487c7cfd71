/**
 * What an error of the file system means to whoever runs the operator. Apart
 * from the store so that the sentences people read are in one place.
 */
import { StoreError, type StoreErrorCode } from './store.ts';

/** Whether `error` is a system error with one of these codes, e.g. `ENOENT`. */
export function hasCode(error: unknown, ...codes: readonly string[]): boolean {
  return error instanceof Error && 'code' in error && codes.includes(String(error.code));
}

interface Meaning {
  readonly codes: readonly string[];
  readonly code: StoreErrorCode;
  readonly what: string;
  readonly remedy: string;
}

const MEANINGS: readonly Meaning[] = [
  {
    codes: ['ENOSPC', 'EDQUOT'],
    code: 'StoreFull',
    what: 'has no space left',
    remedy: 'enlarge its volume, free space, or lower spec.replication.keep',
  },
  {
    codes: ['EROFS'],
    code: 'StoreReadOnly',
    what: 'is on a read-only file system',
    remedy: 'mount its volume writable',
  },
  {
    codes: ['EACCES', 'EPERM'],
    code: 'StoreReadOnly',
    what: 'may not be read or written by the operator',
    remedy: 'make it owned by the user the operator runs as (fsGroup of its Pod)',
  },
  {
    codes: ['ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK'],
    code: 'StoreMisconfigured',
    what: 'is on a file system without hard links',
    remedy: 'use a volume of another type, e.g. ext4, XFS or NFS',
  },
  {
    codes: ['ENOENT', 'ENOTDIR'],
    code: 'StoreNotFound',
    what: 'is missing and cannot be made',
    remedy: 'mount a volume there, or correct spec.replication.store.filesystem.path',
  },
];

/** The store error for whatever went wrong in the directory `root`; aborts and store errors pass unchanged. */
export function explain(error: unknown, root: string): unknown {
  if (!(error instanceof Error) || !('syscall' in error)) return error;
  const found = MEANINGS.find(({ codes }) => hasCode(error, ...codes));
  const { code, what, remedy } = found ?? {
    code: 'StoreUnavailable',
    what: 'cannot be used',
    remedy: "see the volume's own logs",
  };
  const detail = 'code' in error ? ` (${String(error.code)})` : '';
  return new StoreError(code, `store directory ${root} ${what}${detail}: ${remedy}`, { cause: error });
}
