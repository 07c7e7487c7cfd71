import { describe, expect, it } from 'vitest';
import { type KubeObject, objectKey } from '../../../api/object.ts';
import { RECOVERY_POINT_ANNOTATION, SCENARIO_LABEL } from '../../../api/ownership.ts';
import { manifestOf } from '../../../domain/execution/testing/manifest.ts';
import { millis, seconds, tick } from '../../../domain/time.ts';
import type { ApplyOptions, Cluster, ResourceType } from '../../../kube/cluster.ts';
import { KubeError, type KubeErrorCode } from '../../../kube/errors.ts';
import { anObject, aWorkload } from '../../../testing/objects.ts';
import { partialCluster } from '../../../testing/region.ts';
import type { OpenPoint, Rehearsal } from '../../engine.ts';
import { rehearse } from './rehearse.ts';

const shop = { namespace: 'dr', name: 'shop', uid: 'u' };
const signal = new AbortController().signal;
const namespace = (name: string): KubeObject => anObject('Namespace', name);

function pointOf(...objects: readonly KubeObject[]): OpenPoint {
  const byKey = new Map(objects.map((object) => [objectKey(object), object]));
  const listed = [...byKey].map(([key, { apiVersion }]) => ({
    key,
    apiVersion,
    digest: key,
    resourceVersion: '1',
    bytes: 1,
  }));
  const manifest = manifestOf({ units: [...byKey.keys()], objects: listed });
  return { manifest, digest: 'sha256:m', object: (key) => byKey.get(key) };
}

const NOT_SERVED = new Set(['Widget']);
const CLUSTER_WIDE = /^(Namespace|.*Class|ClusterRole|CustomResourceDefinition)$/;

interface Attempt {
  readonly object: KubeObject;
  readonly options: ApplyOptions;
}

/** A cluster with these objects, which refuses what `refuse` gives an error for. */
function target(
  present: readonly KubeObject[],
  refuse: (object: KubeObject) => KubeError | undefined = () => undefined,
): { readonly cluster: Cluster; readonly attempts: Attempt[]; readonly asked: string[] } {
  const attempts: Attempt[] = [];
  const asked: string[] = [];
  const kindAt = ({ metadata }: KubeObject, kind: string): string =>
    `${kind}/${metadata.namespace ?? ''}/${metadata.name}`;
  const existing = new Map(present.map((object) => [kindAt(object, object.kind), object]));
  const cluster = partialCluster('eu-north', {
    typeFor: async ({ kind, apiVersion, group }): Promise<ResourceType | undefined> => {
      asked.push(kind);
      if (NOT_SERVED.has(kind)) return undefined;
      const resource = `${kind.toLowerCase()}s`;
      const [first = '', version] = (apiVersion ?? `${group}/v1`).split('/');
      const named = version === undefined ? { group: '', version: first } : { group: first, version };
      return { ...named, kind, resource, namespaced: !CLUSTER_WIDE.test(kind), verbs: [] };
    },
    get: async ({ kind }, key) => existing.get(`${kind}/${key.namespace ?? ''}/${key.name}`),
    list: async ({ kind }) => ({
      items: present.filter((object) => object.kind === kind),
      resourceVersion: '1',
    }),
    apply: async (object, options) => {
      attempts.push({ object, options });
      const error = refuse(object);
      if (error !== undefined) throw error;
      return object;
    },
  });
  return { cluster, attempts, asked };
}

const whole = { clock: { tick: () => tick(0) }, time: seconds(60) };
const ask = (point: OpenPoint, cluster: Cluster): Promise<Rehearsal> =>
  rehearse(point, shop, cluster, undefined, whole, signal);
const refusal = (code: KubeErrorCode, message: string, denial?: 'rbac' | 'quota' | 'admission'): KubeError =>
  new KubeError(code, message, { cluster: 'eu-north', ...(denial === undefined ? {} : { denial }) });

describe('a rehearsal', () => {
  it('sends what a restore would write, and only with dry-run', async () => {
    const { cluster, attempts } = target([namespace('shop')]);

    const result = await ask(pointOf(anObject('ConfigMap', 'shop/a', { data: { x: 'y' } })), cluster);

    expect(attempts).toHaveLength(1);
    expect(attempts[0]?.options).toMatchObject({ dryRun: true });
    expect(attempts[0]?.object).toMatchObject({
      metadata: {
        labels: { [SCENARIO_LABEL]: 'dr.shop' },
        annotations: { [RECOVERY_POINT_ANNOTATION]: 'point-1' },
      },
      data: { x: 'y' },
    });
    expect(result).toMatchObject({ done: 1, total: 1, accepted: 1, findings: [] });
    expect(result.added).toEqual([{ key: 'ConfigMap/shop/a', resource: 'configmaps' }]);
  });

  it('counts objects of a namespace that is not there yet as not rehearsed, never as accepted', async () => {
    const { cluster, attempts } = target([]);

    const result = await ask(
      pointOf(namespace('shop'), anObject('ConfigMap', 'shop/a'), anObject('Secret', 'shop/b')),
      cluster,
    );

    expect(result.accepted).toBe(1);
    expect([...result.notRehearsed]).toEqual([['namespace does not exist yet', 2]]);
    expect(attempts.map(({ object }) => object.kind)).toEqual(['Namespace']);
  });

  it('finds a missing namespace that the point does not bring, once', async () => {
    const { cluster } = target([]);

    const result = await ask(pointOf(anObject('ConfigMap', 'shop/a'), anObject('Secret', 'shop/b')), cluster);

    expect(result.findings).toEqual([
      {
        object: 'Namespace/shop',
        reason: 'RecoveryRefuses',
        message: 'eu-north has no namespace shop',
        remedy: 'create it',
      },
    ]);
  });

  it.each([
    ['a full quota', refusal('Forbidden', 'exceeded quota: small', 'quota'), 'raise or remove'],
    ['a webhook', refusal('Forbidden', 'admission webhook "no.example.com" denied', 'admission'), 'adapt or'],
    ['validation', refusal('Invalid', 'spec.x: required'), 'exclude it'],
    ['a missing right', refusal('Forbidden', 'cannot patch', 'rbac'), 'the role'],
    ['a webhook that is down', refusal('Unavailable', 'failed calling webhook'), 'tried again'],
  ])('%s becomes a finding with object, cause and remedy', async (_, error, remedy) => {
    const { cluster } = target([namespace('shop')], () => error);

    const result = await ask(pointOf(anObject('ConfigMap', 'shop/a')), cluster);

    expect(result.findings).toEqual([
      {
        object: 'ConfigMap/shop/a',
        reason: 'RecoveryRefuses',
        message: error.message,
        remedy: expect.stringContaining(remedy),
      },
    ]);
    expect(result).toMatchObject({ accepted: 0, added: [] });
  });

  it('finds what belongs to somebody else or is being deleted, without writing to it', async () => {
    const theirs = anObject('ConfigMap', 'shop/a');
    const leaving = anObject('Secret', 'shop/b', { metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' } });
    const { cluster, attempts } = target([namespace('shop'), theirs, leaving]);

    const result = await ask(pointOf(anObject('ConfigMap', 'shop/a'), anObject('Secret', 'shop/b')), cluster);

    expect(result.findings.map(({ object }) => object)).toEqual(['ConfigMap/shop/a', 'Secret/shop/b']);
    expect(result.findings[0]?.message).toContain('not put there by Antipode');
    expect(attempts).toEqual([]);
  });

  it('finds a kind that is not served, and asks for it and for another version of it once', async () => {
    const widgets = ['a', 'b', 'c'].map((name) =>
      anObject('Widget', `shop/${name}`, { apiVersion: 'example.com/v1' }),
    );
    const { cluster, asked } = target([namespace('shop')]);

    const result = await ask(pointOf(...widgets), cluster);

    expect(result.findings).toHaveLength(1);
    expect(result.findings[0]).toMatchObject({
      message: 'eu-north does not serve example.com/v1 Widget',
      remedy: expect.stringContaining('install'),
    });
    expect(asked.filter((kind) => kind === 'Widget')).toHaveLength(2);
  });

  it('does not rehearse a kind whose definition the point brings', async () => {
    const definition = anObject('CustomResourceDefinition', 'widgets.example.com', {
      apiVersion: 'apiextensions.k8s.io/v1',
      spec: { names: { kind: 'Widget' } },
    });
    const widget = anObject('Widget', 'shop/a', { apiVersion: 'example.com/v1' });

    const result = await ask(pointOf(definition, widget), target([namespace('shop')]).cluster);

    expect(result).toMatchObject({ accepted: 1, findings: [] });
    expect([...result.notRehearsed.values()]).toEqual([1]);
  });

  it('finds classes that neither the target has nor the point brings, also where it cannot dry-run', async () => {
    const claim = (name: string, storageClassName?: string): KubeObject =>
      anObject('PersistentVolumeClaim', `new/${name}`, {
        spec: storageClassName === undefined ? {} : { storageClassName },
      });
    const brought = anObject('StorageClass', 'brought');
    const { cluster } = target([anObject('StorageClass', 'there')]);

    const result = await ask(
      pointOf(
        namespace('new'),
        brought,
        claim('a', 'there'),
        claim('b', 'brought'),
        claim('c', 'gone'),
        claim('d'),
      ),
      cluster,
    );

    expect(result.findings.map(({ object, message }) => `${object} ${message}`)).toEqual([
      'PersistentVolumeClaim/new/c spec.storageClassName names StorageClass gone, which eu-north does not have',
      expect.stringMatching(/^PersistentVolumeClaim\/new\/d .*no default StorageClass/),
    ]);
    expect(result.notRehearsed.get('namespace does not exist yet')).toBe(2);
  });

  it('tries a Pod of each workload, since policies on pods say nothing of what makes them', async () => {
    const web = aWorkload('Deployment', 'shop/web', { serviceAccountName: 'web', priorityClassName: 'high' });
    const denied = refusal('Forbidden', 'violates PodSecurity "restricted:latest"', 'admission');
    const { cluster, attempts } = target(
      [namespace('shop'), anObject('PriorityClass', 'high')],
      ({ kind }) => (kind === 'Pod' ? denied : undefined),
    );

    const result = await ask(pointOf(web), cluster);

    expect(result.findings).toMatchObject([{ object: 'Deployment.apps/shop/web', message: denied.message }]);
    const pod = attempts.find(({ object }) => object.kind === 'Pod');
    expect(pod?.options.dryRun).toBe(true);
    expect(pod?.object).toMatchObject({
      metadata: { name: 'web-rehearsal', namespace: 'shop', labels: { app: 'web' } },
      spec: { serviceAccountName: 'default', priorityClassName: 'high' },
    });
  });

  it('does not blame a workload for a namespace whose default ServiceAccount is still being made', async () => {
    const words =
      'pods "web-rehearsal" is forbidden: error looking up service account shop/default: not found';
    const { cluster } = target([namespace('shop')], ({ kind }) =>
      kind === 'Pod' ? refusal('Forbidden', words, 'admission') : undefined,
    );

    const result = await ask(pointOf(aWorkload('Deployment', 'shop/web')), cluster);

    expect(result).toMatchObject({ accepted: 0, findings: [] });
    expect([...result.notRehearsed.values()]).toEqual([1]);
  });

  it('leaves out of that Pod a class that comes with the point', async () => {
    const web = aWorkload('Deployment', 'shop/web', { priorityClassName: 'high', priority: 1000 });
    const { cluster, attempts } = target([namespace('shop')]);

    const result = await ask(pointOf(anObject('PriorityClass', 'high'), web), cluster);

    expect(result.findings).toEqual([]);
    const pod = attempts.find(({ object }) => object.kind === 'Pod');
    expect(pod?.object['spec']).toEqual({
      containers: [expect.anything()],
      serviceAccountName: 'default',
    });
  });

  it('does not blame a binding for its role, or an object for a webhook, that cannot be tried', async () => {
    const role = anObject('Role', 'shop/reader');
    const binding = anObject('RoleBinding', 'shop/reader', {
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'reader' },
    });
    const { cluster } = target([namespace('shop')], ({ kind }) => {
      if (kind === 'RoleBinding') return refusal('NotFound', 'roles "reader" not found');
      return kind === 'Secret'
        ? refusal('Invalid', 'admission webhook "x" does not support dry run')
        : undefined;
    });

    const result = await ask(pointOf(role, binding, anObject('Secret', 'shop/s')), cluster);

    expect(result).toMatchObject({ accepted: 1, findings: [] });
    expect([...result.notRehearsed.values()]).toEqual([1, 1]);
  });

  it.each(['Unreachable', 'TooManyRequests', 'Unauthorized', 'Unavailable'] as const)(
    'ends when the server itself is the trouble (%s): no object is to blame',
    async (code) => {
      const { cluster } = target([namespace('shop')], () => refusal(code, 'trouble'));

      await expect(ask(pointOf(anObject('ConfigMap', 'shop/a')), cluster)).rejects.toMatchObject({ code });
    },
  );
});

describe('the budget of a rehearsal', () => {
  const many = pointOf(...Array.from({ length: 100 }, (_, index) => anObject('ConfigMap', `shop/c${index}`)));

  it('stops when its time is up, gets on in each call, and ends with every object asked about once', async () => {
    const { cluster, attempts } = target([namespace('shop')]);
    const none = { clock: { tick: () => tick(0) }, time: millis(0) };
    let rehearsal: Rehearsal | undefined;
    let calls = 0;
    do {
      const before = rehearsal?.done ?? 0;
      rehearsal = await rehearse(many, shop, cluster, rehearsal, none, signal);
      calls += 1;
      expect(rehearsal.done).toBeGreaterThan(before);
    } while (rehearsal.done < rehearsal.total);

    expect(calls).toBe(4);
    expect(rehearsal.accepted).toBe(100);
    expect(new Set(attempts.map(({ object }) => object.metadata.name)).size).toBe(100);
    expect(attempts).toHaveLength(100);
  });

  it('has at most eight requests under way', async () => {
    let running = 0;
    let most = 0;
    const { cluster } = target([namespace('shop')]);
    const slow: Cluster = {
      ...cluster,
      apply: async (object) => {
        running += 1;
        most = Math.max(most, running);
        await new Promise((resolve) => setImmediate(resolve));
        running -= 1;
        return object;
      },
    };

    await ask(many, slow);
    expect(most).toBeGreaterThan(1);
    expect(most).toBeLessThanOrEqual(8);
  });

  it('begins nothing after an abort', async () => {
    const { cluster, attempts } = target([namespace('shop')]);
    const aborted = AbortSignal.abort(new Error('stopped'));

    await expect(rehearse(many, shop, cluster, undefined, whole, aborted)).rejects.toThrow('stopped');
    expect(attempts).toEqual([]);
  });
});
