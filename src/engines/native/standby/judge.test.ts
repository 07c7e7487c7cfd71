import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../../api/object.ts';
import { inert } from '../../../domain/standby/inert.ts';
import { STANDBY_ANNOTATION } from '../../../domain/standby/mark.ts';
import { anObject } from '../../../testing/objects.ts';
import { judgeStandby, toPrune } from './judge.ts';
import type { Live } from './live.ts';
import { STANDBY_DIGEST_ANNOTATION } from './wishes.ts';

const noted = (object: KubeObject, digest: string): KubeObject => ({
  ...object,
  metadata: {
    ...object.metadata,
    annotations: { ...object.metadata.annotations, [STANDBY_DIGEST_ANNOTATION]: digest },
  },
});

function wishFor(replicas: number): KubeObject {
  const made = inert(anObject('Deployment', 'shop/web', { spec: { replicas } }));
  if (made.kind === 'held-back') throw new Error(made.reason);
  return noted(made.object, 'd1');
}

const wish = wishFor(3);

describe('an object of a standby', () => {
  it('is missing when it is not there', () => {
    expect(judgeStandby(wish, undefined)).toEqual({ kind: 'missing' });
  });

  it('is as wished, whatever the cluster has added', () => {
    const live = { ...wish, spec: { replicas: 0, progressDeadlineSeconds: 600 }, status: {} };
    expect(judgeStandby(wish, live)).toEqual({ kind: 'as-wished' });
  });

  it('has drifted when a field is another than it was written', () => {
    expect(judgeStandby(wish, { ...wish, spec: { replicas: 2 } })).toEqual({
      kind: 'drifted',
      fields: ['spec.replicas'],
    });
  });

  it('is outdated, and not drifted, when it was written from another wish', () => {
    expect(judgeStandby(noted(wish, 'd2'), wish)).toEqual({ kind: 'outdated' });
  });

  it('is in use without the mark, also while it is being deleted', () => {
    const working = anObject('Deployment', 'shop/web', {
      metadata: { deletionTimestamp: '2026-01-01T00:00:00Z' },
      spec: { replicas: 3 },
    });
    expect(judgeStandby(wish, working)).toEqual({ kind: 'in-use' });
  });
});

describe('pruning', () => {
  const type = { group: '', version: 'v1', resource: '', kind: '', namespaced: true, verbs: [] };
  const live = (key: string, object: KubeObject): readonly [string, Live] => [key, { object, type }];
  const mark = { annotations: { [STANDBY_ANNOTATION]: '{"changes":[]}' } };
  const found = new Map([
    live('ConfigMap/shop/wished', anObject('ConfigMap', 'shop/wished', { metadata: mark })),
    live('ConfigMap/shop/gone', anObject('ConfigMap', 'shop/gone', { metadata: mark })),
    live('ConfigMap/shop/working', anObject('ConfigMap', 'shop/working')),
    live('ConfigMap/shop/failed', anObject('ConfigMap', 'shop/failed', { metadata: mark })),
    live('Namespace/shop', anObject('Namespace', 'shop', { metadata: mark })),
    live(
      'PersistentVolumeClaim/shop/data',
      anObject('PersistentVolumeClaim', 'shop/data', { metadata: mark }),
    ),
  ]);

  it('takes only what is marked and wished no more, never what more would go with', () => {
    const wishes = {
      objects: new Map([['ConfigMap/shop/wished', wish]]),
      failed: new Map([['ConfigMap/shop/failed', 'a transform failed']]),
    };
    expect(toPrune(found, wishes).map(({ object }) => object.metadata.name)).toEqual(['gone']);
  });
});
