/**
 * What points have left is of several kinds, and a right or a webhook may be in
 * the way of one of them only: the others cost money for as long as they stay.
 */
import { KubeError } from '../../../kube/errors.ts';

/**
 * Takes one step after the other, although some fail. The rest is left out when
 * the cluster does not answer, or nobody waits any more.
 * @returns what failed
 */
export async function tryEach(
  steps: readonly (() => Promise<void>)[],
  signal: AbortSignal,
): Promise<readonly KubeError[]> {
  const failed: KubeError[] = [];
  for (const step of steps) {
    try {
      await step();
    } catch (error) {
      if (!(error instanceof KubeError)) throw error;
      failed.push(error);
      if (signal.aborted || error.code === 'Unreachable') break;
    }
  }
  return failed;
}

/** In one sentence, for people. */
export const describeFailed = (failed: readonly KubeError[]): string =>
  [...new Set(failed.map(({ message }) => message))].join('; ');
