/**
 * Cuts the snapshots between the user's hooks, so that what is frozen before is
 * thawed as soon as they are cut, and not after everything was uploaded. What
 * there is to read is read before: it takes its time, and may refuse the cut.
 */
import { aroundCapture } from '../../hooks/around-capture.ts';
import { type CutEnd, carryOut } from './cut.ts';
import { type CutRequest, planCut, type VolumeDeps } from './plan-cut.ts';

export type CutBetweenHooks =
  | (Extract<CutEnd, { kind: 'cut' }> & {
      /** Of hooks that failed and may. */
      readonly warnings: readonly string[];
    })
  | Extract<CutEnd, { kind: 'incomplete' }>;

/** @throws KubeError; then nothing is left behind, or is removed later */
export async function cutBetweenHooks(
  request: CutRequest,
  deps: VolumeDeps,
  signal: AbortSignal,
): Promise<CutBetweenHooks> {
  const { spec, regions } = request;
  const planned = await planCut(request, deps, signal);
  if (planned.kind === 'incomplete') return planned;
  const made: CutEnd[] = [];
  const { hooks } = spec.replication;
  const surrounded = await aroundCapture(hooks, regions.source, deps, signal, async () => {
    const result = await carryOut(planned, signal);
    made.push(result);
    return result;
  });
  if (surrounded.kind === 'failed') {
    for (const result of made) if (result.kind === 'cut') await result.cut.discard(signal);
    return { kind: 'incomplete', messages: surrounded.messages };
  }
  const { value, warnings } = surrounded;
  return value.kind === 'cut' ? { ...value, warnings } : value;
}
