import { expect, test } from 'vitest';
import { type KubeObject, objectKey } from '../../../api/object.ts';
import { manifestOf } from '../../../domain/execution/testing/manifest.ts';
import { memoryCluster } from '../../../testing/memory-cluster.ts';
import { anObject } from '../../../testing/objects.ts';
import { silent } from '../../../testing/silent-log.ts';
import { restoreObjects } from './restore.ts';
import { Target } from './target.ts';

const signal = new AbortController().signal;
const KEY = 'Secret/shop/robot-token';
const token = anObject('Secret', 'shop/robot-token', {
  type: 'kubernetes.io/service-account-token',
  metadata: { annotations: { 'kubernetes.io/service-account.name': 'robot' } },
  data: { token: 'b2xk', 'ca.crt': 'b2xk', namespace: 'b2xk' },
});
const account = anObject('ServiceAccount', 'shop/robot');

/** A region whose token controller fills token Secrets in; restores the Secret there, again and again. */
function region(...objects: readonly KubeObject[]) {
  const memory = memoryCluster('eu-north', { '': ['Secret', 'ServiceAccount', 'Namespace'] }, (key) => {
    const made = memory.objects.get(key);
    if (key === KEY && made !== undefined && made['data'] === undefined)
      memory.put({ ...made, data: { token: 'bmV3', 'ca.crt': 'bmV3', namespace: 'bmV3' } });
  });
  memory.put(anObject('Namespace', 'shop'), ...objects);
  const typeFor = async ({ kind }: { readonly kind: string }) => ({
    group: '',
    version: 'v1',
    resource: `${kind.toLowerCase()}s`,
    kind,
    namespaced: true,
    verbs: [],
  });
  const point = {
    manifest: manifestOf({ units: [KEY] }),
    digest: 'sha256:m',
    object: (key: string) => (key === objectKey(token) ? token : undefined),
  };
  const restore = () =>
    restoreObjects(
      {
        target: new Target({ ...memory.cluster, typeFor }, point),
        recreating: new Map<string, string>(),
        point,
        scenario: { namespace: 'dr', name: 'shop', uid: 'uid-1' },
        options: { conflicts: 'Report' as const },
        log: silent,
      },
      [KEY],
      signal,
    );
  return { memory, restore };
}

test('a token Secret is made without the token of the source, and left as the cluster has filled it in', async () => {
  const { memory, restore } = region(account);

  expect(await restore()).toMatchObject([{ kind: 'applied', object: { data: { token: 'bmV3' } } }]);
  expect(await restore()).toMatchObject([{ kind: 'applied', object: { data: { token: 'bmV3' } } }]);
  expect(memory.calls.filter((call) => /^(create|apply|patch) Secret/.test(call))).toEqual(['create Secret']);
});

test('a token Secret waits for an account that is not part of the point, since it would be deleted', async () => {
  const { memory, restore } = region();

  expect(await restore()).toMatchObject([
    { kind: 'blocked', key: KEY, message: expect.stringContaining('eu-north has no ServiceAccount robot') },
  ]);
  expect(memory.objects.has(KEY)).toBe(false);

  memory.put(account);
  expect(await restore()).toMatchObject([{ kind: 'applied' }]);
});
