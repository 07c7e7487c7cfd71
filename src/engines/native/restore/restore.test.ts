/** What an object that is not applied means for the others of the same restore. */
import { describe, expect, test } from 'vitest';
import { groupOf, type KubeObject, objectKey } from '../../../api/object.ts';
import { manifestOf } from '../../../domain/execution/testing/manifest.ts';
import { tick } from '../../../domain/time.ts';
import type { Cluster } from '../../../kube/cluster.ts';
import { KubeError, type KubeErrorCode } from '../../../kube/errors.ts';
import { memoryCluster } from '../../../testing/memory-cluster.ts';
import { anObject, aWorkload } from '../../../testing/objects.ts';
import { silent } from '../../../testing/silent-log.ts';
import type { OpenPoint } from '../../engine.ts';
import { restoreObjects } from './restore.ts';
import { sessions } from './sessions.ts';

const scenario = { namespace: 'dr', name: 'shop', uid: 'u' };
const secret = (name: string) => anObject('Secret', `shop/${name}`);

/** Restores the objects as one unit, into a cluster that answers so for some of them. */
async function restore(objects: readonly KubeObject[], refusals: Readonly<Record<string, KubeErrorCode>>) {
  const { cluster, objects: made } = memoryCluster('eu-north', {
    '': ['Namespace', 'Secret', 'ConfigMap'],
    apps: ['Deployment'],
  });
  await cluster.create(anObject('Namespace', 'shop'), new AbortController().signal);
  const target: Cluster = {
    ...cluster,
    typeFor: async ({ apiVersion, kind }) => ({
      group: groupOf(apiVersion ?? 'v1'),
      version: 'v1',
      resource: `${kind.toLowerCase()}s`,
      kind,
      namespaced: kind !== 'Namespace',
      verbs: [],
    }),
    create: async (object, signal, options) => {
      const code = refusals[object.metadata.name];
      if (code !== undefined) throw new KubeError(code, `${code} it is`, { cluster: 'eu-north' });
      return cluster.create(object, signal, options);
    },
  };
  const byKey = new Map(objects.map((object) => [objectKey(object), object]));
  const [unit = '', ...others] = byKey.keys();
  const manifest = { ...manifestOf({ units: [] }), units: [{ id: unit, objects: [unit, ...others] }] };
  const point: OpenPoint = { digest: '', manifest, object: (key) => byKey.get(key) };
  const session = sessions({ tick: () => tick(0) }).of(point, target);
  const replay = { ...session, point, scenario, options: { conflicts: 'Report' as const }, log: silent };
  const outcomes = await restoreObjects(replay, [...byKey.keys()], new AbortController().signal);
  return {
    outcomes: outcomes.map((one) => (one.kind === 'applied' ? one.object.metadata.name : one.kind)),
    made: [...made.keys()].filter((key) => key !== 'Namespace/shop'),
  };
}

describe('an object that the target refuses', () => {
  test('keeps from being restored what comes after it in its unit, and nothing else', async () => {
    const objects = [secret('a'), secret('b'), aWorkload('Deployment', 'shop/web'), secret('c')];

    const { outcomes, made } = await restore(objects, { a: 'Invalid' });

    expect(outcomes).toEqual(['refused', 'b', 'c']);
    expect(made).toEqual(['Secret/shop/b', 'Secret/shop/c']);
  });

  test('is one of hundreds that have nothing to do with each other: all others are restored', async () => {
    const objects = Array.from({ length: 200 }, (_, index) => secret(`s${index}`));

    const { outcomes, made } = await restore(objects, { s3: 'Forbidden', s77: 'Invalid' });

    expect(outcomes.filter((one) => one === 'refused')).toHaveLength(2);
    expect(made).toHaveLength(198);
  });

  test('stops all that has not begun when it is the cluster that does not answer', async () => {
    const objects = Array.from({ length: 200 }, (_, index) => secret(`s${index}`));

    const { made } = await restore(objects, { s3: 'Unreachable' });

    expect(made.length).toBeLessThan(100);
  });
});
