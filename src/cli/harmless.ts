/**
 * A cluster of which nothing can be changed: reads and dry-runs pass, anything
 * else is refused before it is sent. The command line sees clusters only this
 * way, so that no mistake in it can harm one.
 */
import type { Cluster } from '../kube/cluster.ts';

/** Thrown when a command tries to write: always a mistake in the command. */
export class WriteRefusedError extends Error {
  override readonly name = 'WriteRefusedError';
  readonly code = 'WriteRefused';
  readonly retry = 'never';
}

export function harmless(cluster: Cluster): Cluster {
  const refuse = async (): Promise<never> => {
    throw new WriteRefusedError(`the command line never writes to ${cluster.name}`);
  };
  return {
    ...cluster,
    apply: (object, options, signal) =>
      options.dryRun === true ? cluster.apply(object, options, signal) : refuse(),
    create: refuse,
    replace: refuse,
    mergePatch: refuse,
    remove: refuse,
  };
}
