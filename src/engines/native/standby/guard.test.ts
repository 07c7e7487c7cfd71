import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../../api/object.ts';
import { marked } from '../../../domain/standby/mark.ts';
import type { ResourceType } from '../../../kube/cluster.ts';
import { anObject } from '../../../testing/objects.ts';
import { partialCluster } from '../../../testing/region.ts';
import { onlyStandby } from './guard.ts';

const signal = new AbortController().signal;
const type: ResourceType = {
  group: 'apps',
  version: 'v1',
  resource: 'deployments',
  kind: 'Deployment',
  namespaced: true,
  verbs: [],
};
const key = { namespace: 'shop', name: 'web' };
const working = anObject('Deployment', 'shop/web', { metadata: { uid: 'u', resourceVersion: '7' } });
const options = { fieldManager: 'antipode', force: true };

function guarded(live: KubeObject) {
  const sent: unknown[] = [];
  const cluster = onlyStandby(
    partialCluster('eu-north', {
      get: async () => live,
      apply: async (object) => {
        sent.push(object.metadata.resourceVersion);
        return { ...live, metadata: { ...live.metadata, resourceVersion: '8' } };
      },
      mergePatch: async (_type, _key, patch) => {
        sent.push(patch);
        return { ...live, metadata: { ...live.metadata, resourceVersion: '9' } };
      },
      remove: async (_type, _key, _signal, how) => {
        sent.push(how);
        return true;
      },
    }),
  );
  return { cluster, sent };
}

describe('a cluster of which only the standby may be changed', () => {
  it('binds every change to the state in which the object was seen in standby', async () => {
    const { cluster, sent } = guarded(marked(working, []));
    await cluster.get(type, key, signal);
    await cluster.apply(working, options, signal);
    await cluster.mergePatch(type, key, { metadata: { managedFields: [] } }, signal);
    await cluster.remove(type, key, signal, { uid: 'u' });
    expect(sent).toEqual([
      '7',
      { metadata: { managedFields: [], resourceVersion: '8' } },
      { uid: 'u', resourceVersion: '9' },
    ]);
  });

  it('changes nothing that is at work, and nothing it has not looked at', async () => {
    const { cluster, sent } = guarded(working);
    const isRefused = { code: 'Conflict' };
    await expect(cluster.apply(working, options, signal)).rejects.toMatchObject(isRefused);
    await cluster.get(type, key, signal);
    await expect(cluster.apply(working, options, signal)).rejects.toMatchObject(isRefused);
    await expect(cluster.mergePatch(type, key, {}, signal)).rejects.toMatchObject(isRefused);
    await expect(cluster.remove(type, key, signal)).rejects.toMatchObject(isRefused);
    expect(sent).toEqual([]);
  });
});
