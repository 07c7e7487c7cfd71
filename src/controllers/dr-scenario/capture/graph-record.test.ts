import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../../api/object.ts';
import { isOurs } from '../../../api/ownership.ts';
import { manifestOf } from '../../../domain/execution/testing/manifest.ts';
import { unpack } from '../../../domain/graph/render/record-codec.ts';
import type { PointManifest } from '../../../domain/protection/point.ts';
import { instant, millis, tick } from '../../../domain/time.ts';
import { KubeError } from '../../../kube/errors.ts';
import { recordingLog } from '../../../kube/testing/recording-log.ts';
import { anObject } from '../../../testing/objects.ts';
import { partialCluster } from '../../../testing/region.ts';
import { recordGraph } from './graph-record.ts';
import type { CaptureOutcome } from './outcome.ts';

const scenario = anObject('DRScenario', 'dr/shop', { metadata: { uid: 'uid-1' } });
const manifest = manifestOf({
  units: ['Secret/shop/a', 'Secret/shop/b'],
  edges: [['Secret/shop/b', 'Secret/shop/a']],
});
const { signal } = new AbortController();

const captured = (changes: Partial<PointManifest> = {}): CaptureOutcome => {
  const point = { manifest: { ...manifest, ...changes }, digest: 'sha256:m' };
  return {
    kind: 'succeeded',
    point,
    offer: { points: [] },
    verifiedAt: instant(0),
    warnings: [],
    startedAt: tick(0),
    took: millis(1),
  };
};

/** An objective cluster with one ConfigMap or none. */
function objectiveWith(present?: KubeObject, refusal?: KubeError) {
  const log = recordingLog();
  const state = { configMap: present, writes: 0, isLeading: true };
  const objective = partialCluster('objective', {
    get: async () => state.configMap,
    apply: async (object) => {
      if (refusal !== undefined) throw refusal;
      state.writes += 1;
      state.configMap = object;
      return object;
    },
  });
  const assertLeading = () => {
    if (!state.isLeading) throw new Error('not leading');
  };
  return { state, log, deps: { objective, log, assertLeading } };
}

describe('the published graph', () => {
  it('is a ConfigMap beside the scenario, owned by it, from which the graph can be read', async () => {
    const { state, deps } = objectiveWith();

    expect(await recordGraph(scenario, captured(), deps, signal)).toEqual({ kind: 'written' });

    expect(state.configMap?.metadata).toMatchObject({
      namespace: 'dr',
      name: 'antipode-graph-shop',
      ownerReferences: [{ kind: 'DRScenario', name: 'shop', uid: 'uid-1' }],
    });
    expect(state.configMap !== undefined && isOurs(state.configMap, { namespace: 'dr', name: 'shop' })).toBe(
      true,
    );
    const data = state.configMap?.['data'] as { graph: string };
    expect(await unpack(data.graph)).toMatchObject({
      kind: 'record',
      record: { point: 'point-1', units: manifest.units, edges: manifest.edges, omitted: [] },
    });
  });

  it('is written again only when the graph has changed', async () => {
    const { state, deps } = objectiveWith();
    await recordGraph(scenario, captured(), deps, signal);

    expect(await recordGraph(scenario, captured({ name: 'point-2' }), deps, signal)).toEqual({
      kind: 'unchanged',
    });
    expect(state.writes).toBe(1);
    expect(await recordGraph(scenario, captured({ edges: [] }), deps, signal)).toEqual({ kind: 'written' });
    expect(state.writes).toBe(2);
  });

  it('is written again when somebody deleted it', async () => {
    const { state, deps } = objectiveWith();
    await recordGraph(scenario, captured(), deps, signal);
    state.configMap = undefined;

    expect(await recordGraph(scenario, captured(), deps, signal)).toEqual({ kind: 'written' });
  });

  it('never replaces a ConfigMap that is not ours', async () => {
    const { state, deps, log } = objectiveWith(anObject('ConfigMap', 'dr/antipode-graph-shop'));

    expect(await recordGraph(scenario, captured(), deps, signal)).toMatchObject({ kind: 'not-written' });

    expect(state.writes).toBe(0);
    expect(log.lines).toMatchObject([{ level: 'warn', message: expect.stringContaining("somebody else's") }]);
  });

  it('is no reason for a capture to fail: what stops it is logged', async () => {
    const refusal = new KubeError('Forbidden', 'may not patch configmaps', { cluster: 'objective' });
    const { deps, log } = objectiveWith(undefined, refusal);

    expect(await recordGraph(scenario, captured(), deps, signal)).toEqual({
      kind: 'not-written',
      message: 'may not patch configmaps',
    });
    expect(log.lines).toHaveLength(1);
  });

  it('is left alone when nothing was captured', async () => {
    const { state, deps } = objectiveWith();

    expect(await recordGraph(scenario, undefined, deps, signal)).toEqual({ kind: 'nothing-captured' });
    expect(state.writes).toBe(0);
  });

  it('is not written by a replica that no longer leads', async () => {
    const { state, deps } = objectiveWith();
    state.isLeading = false;

    await expect(recordGraph(scenario, captured(), deps, signal)).rejects.toThrow('not leading');
    expect(state.writes).toBe(0);
  });
});
