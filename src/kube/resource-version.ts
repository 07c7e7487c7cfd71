/**
 * The order of resourceVersions. They are opaque but for one promise, made for
 * what one API server keeps in one etcd: as decimal numbers they grow with time
 * (KEP-5504; etcd's revisions have always been so). Whether two of them are of
 * one etcd cannot be seen from the numbers: who compares must have found out.
 */
import type { KubeErrorCode } from './errors.ts';

const DECIMAL = /^(0|[1-9][0-9]{0,38})$/;

/** Negative when `a` was written before `b`; undefined when either is no decimal number and so has no order. */
export function compareVersions(a: string, b: string): number | undefined {
  if (!DECIMAL.test(a) || !DECIMAL.test(b)) return undefined;
  // Of numbers without leading zeros the longer one is larger, and text of one length sorts as numbers do.
  if (a.length !== b.length) return a.length - b.length;
  return a < b ? -1 : a > b ? 1 : 0;
}

/**
 * Whether a watch that ended so may have ended because of the version it began at, and only a new list
 * helps. A lost connection says nothing of it; nor does a server that is too busy for a watch, to which
 * a list is many times the work.
 */
export const mayBeOutdated = (code: KubeErrorCode): boolean =>
  code !== 'Unreachable' && code !== 'TooManyRequests';
