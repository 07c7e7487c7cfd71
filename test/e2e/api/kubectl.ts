/** kubectl as the tests of the API use it. */
import path from 'node:path';
import { LabCommandError } from '../../../hack/lab/errors.ts';
import type { LabCluster } from '../../../hack/lab/types.ts';
import { kinds } from '../../../src/api/v1alpha1/kinds.ts';

const CRDS = path.join(import.meta.dirname, '../../../crds');

/** Installs the committed CRDs and waits until they are served. */
export async function applyCrds(cluster: LabCluster): Promise<void> {
  await cluster.kubectl(['apply', '--server-side', '--force-conflicts', '-f', CRDS]);
  const names = kinds.map((kind) => `crd/${kind.plural}.antipode.dev`);
  await cluster.kubectl(['wait', '--for=condition=Established', '--timeout=120s', ...names]);
}

/**
 * What kubectl says when it is refused.
 * @throws Error when the manifest was accepted
 */
export async function refusalOf(
  cluster: LabCluster,
  args: readonly string[],
  manifest: object,
): Promise<string> {
  let output: string;
  try {
    output = await cluster.kubectl(args, { input: JSON.stringify(manifest) });
  } catch (error) {
    if (error instanceof LabCommandError) return error.stderr;
    throw error;
  }
  throw new Error(`expected a refusal, but: ${output}`);
}
