/** Telling a region that does not answer, for which one waits, from one that refuses something. */
import { KubeError, type KubeErrorCode } from '../../../kube/errors.ts';

const AWAY: ReadonlySet<KubeErrorCode> = new Set([
  'Unreachable',
  'Unavailable',
  'Unauthorized',
  'UntrustedCertificate',
]);

/** The answer, or what `away` makes of the reason why the cluster named `cluster` gives none. @throws what else `asked` throws */
export async function unlessAway<T, A>(
  cluster: string,
  asked: () => Promise<T>,
  away: (why: string) => A,
): Promise<T | A> {
  try {
    return await asked();
  } catch (error) {
    if (error instanceof KubeError && error.cluster === cluster && AWAY.has(error.code))
      return away(error.message);
    throw error;
  }
}
