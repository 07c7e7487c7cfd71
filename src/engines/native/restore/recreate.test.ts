import { describe, expect, test } from 'vitest';
import type { KubeObject } from '../../../api/object.ts';
import { manifestOf } from '../../../domain/execution/testing/manifest.ts';
import { tick } from '../../../domain/time.ts';
import type { Cluster, RemoveOptions, ResourceType } from '../../../kube/cluster.ts';
import { KubeError } from '../../../kube/errors.ts';
import { anObject } from '../../../testing/objects.ts';
import { partialCluster } from '../../../testing/region.ts';
import { silent } from '../../../testing/silent-log.ts';
import type { OpenPoint, RestoreOptions } from '../../engine.ts';
import { makeWay } from './recreate.ts';
import { sessions } from './sessions.ts';

const signal = new AbortController().signal;
const shop = { namespace: 'dr', name: 'shop', uid: 'u' };
const point: OpenPoint = { digest: '', manifest: manifestOf({ units: [] }), object: () => undefined };

interface World {
  /** What the dry-run of the creation throws; default: that the name is taken. */
  readonly refusal?: KubeError;
  readonly claims?: readonly KubeObject[];
  /** What is left after the deletion. */
  readonly left?: KubeObject;
}

const taken = new KubeError('AlreadyExists', 'taken', { cluster: 'eu-north' });
const typeOf = (kind: string): ResourceType => ({
  group: '',
  version: 'v1',
  resource: `${kind.toLowerCase()}s`,
  kind,
  namespaced: true,
  verbs: [],
});

async function settle(
  captured: KubeObject,
  conflicts: RestoreOptions['conflicts'],
  { refusal = taken, claims = [], left }: World = {},
) {
  const removed: RemoveOptions[] = [];
  const cluster: Cluster = partialCluster('eu-north', {
    typeFor: async ({ kind }) => typeOf(kind),
    list: async () => ({ items: claims, resourceVersion: '1' }),
    create: (object, _signal, options) =>
      options?.dryRun === true ? Promise.reject(refusal) : Promise.resolve(object),
    remove: async (_type, _key, _signal, options = {}) => {
      removed.push(options);
      return true;
    },
    get: async () => left,
  });
  const session = sessions({ tick: () => tick(0) }).of(point, cluster);
  const replay = { ...session, point, scenario: shop, options: { conflicts }, log: silent };
  const key = `${captured.kind}/shop/web`;
  const wish = { key, captured, type: typeOf(captured.kind), capturedAs: captured.apiVersion };
  const existing = {
    ...captured,
    metadata: { ...captured.metadata, uid: 'u1' },
    spec: { selector: { matchLabels: { app: 'old' } } },
  };
  const fields = ['spec.selector'];
  const outcome = await makeWay({ replay, wish, existing, object: captured, fields }, signal);
  return { outcome, removed };
}

const deployment = (app: string) =>
  anObject('Deployment', 'shop/web', { spec: { selector: { matchLabels: { app } } } });

describe('an object of ours that cannot be changed into the captured one', () => {
  test('is reported with the field and the remedy, and stays', async () => {
    const { outcome, removed } = await settle(deployment('new'), 'Report');
    expect(outcome).toMatchObject({
      kind: 'refused',
      message: expect.stringMatching(/spec\.selector.*cannot be changed.*spec\.replication\.conflicts/),
    });
    expect(removed).toEqual([]);
  });

  test('is deleted under its uid, with the Pods that the new one would not adopt', async () => {
    const { outcome, removed } = await settle(deployment('new'), 'Recreate');
    expect(outcome).toBe('gone');
    expect(removed).toEqual([{ uid: 'u1', propagation: 'Background' }]);
  });

  test('leaves what it has made to the new one when that adopts it', async () => {
    const { removed } = await settle(deployment('old'), 'Recreate');
    expect(removed).toEqual([{ uid: 'u1', propagation: 'Orphan' }]);
  });

  test('is waited for, with the finalizers that hold it', async () => {
    const left = anObject('Deployment', 'shop/web', {
      metadata: { uid: 'u1', finalizers: ['example.com/hold'] },
    });
    const { outcome } = await settle(deployment('new'), 'Recreate', { left });
    expect(outcome).toMatchObject({
      kind: 'blocked',
      message: expect.stringContaining('example.com/hold'),
    });
  });

  test('stays when the target would not take the new one', async () => {
    const refusal = new KubeError('Forbidden', 'denied', { cluster: 'eu-north', denial: 'quota' });
    const { outcome, removed } = await settle(deployment('new'), 'Recreate', { refusal });
    expect(outcome).toMatchObject({ kind: 'blocked', message: expect.stringContaining('ResourceQuota') });
    expect(removed).toEqual([]);
  });

  test('stays when a claim would be deleted with it', async () => {
    const owner = { apiVersion: 'apps/v1', kind: 'StatefulSet', name: 'web', uid: 'u1' };
    const claims = [
      anObject('PersistentVolumeClaim', 'shop/data-web-0', { metadata: { ownerReferences: [owner] } }),
    ];
    const set = anObject('StatefulSet', 'shop/web', { spec: { selector: { matchLabels: { app: 'new' } } } });
    const { outcome, removed } = await settle(set, 'Recreate', { claims });
    expect(outcome).toMatchObject({ kind: 'refused', message: expect.stringContaining('data-web-0') });
    expect(removed).toEqual([]);
  });

  test.each(['PersistentVolumeClaim', 'PersistentVolume', 'Namespace'])(
    'is never deleted when it is a %s',
    async (kind) => {
      const { outcome, removed } = await settle(anObject(kind, 'shop/web'), 'Recreate');
      expect(outcome).toMatchObject({ kind: 'refused', message: expect.stringContaining('would be lost') });
      expect(removed).toEqual([]);
    },
  );
});
