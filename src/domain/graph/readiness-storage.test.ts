import { describe, expect, it } from 'vitest';
import { anObject } from '../../testing/objects.ts';
import { readinessOf } from './readiness.ts';
import { context, inWords, plain, type ReadinessRow } from './testing/readiness.ts';

const rows: readonly ReadinessRow[] = [
  ['claim, bound', plain('PersistentVolumeClaim', {}, { phase: 'Bound' }), 'ready'],
  ['claim, lost', plain('PersistentVolumeClaim', {}, { phase: 'Lost' }), 'failed: its volume is lost'],
  [
    'claim, pending',
    plain('PersistentVolumeClaim', { storageClassName: 'fast' }, { phase: 'Pending' }),
    'progressing: waiting for a volume of class fast',
  ],
  [
    'claim, pending without class',
    plain('PersistentVolumeClaim', {}, { phase: 'Pending' }),
    'progressing: waiting for a volume',
  ],
  [
    'claim, waiting for its first consumer',
    plain('PersistentVolumeClaim', { storageClassName: 'lazy' }, { phase: 'Pending' }),
    'ready',
  ],
  [
    'claim, waiting for its first consumer by an annotation of old',
    anObject('PersistentVolumeClaim', 'shop/data', {
      metadata: { annotations: { 'volume.beta.kubernetes.io/storage-class': 'lazy' } },
      spec: {},
      status: { phase: 'Pending' },
    }),
    'ready',
  ],
  [
    'claim, bound to come',
    plain('PersistentVolumeClaim', { storageClassName: 'lazy', volumeName: 'pv' }, { phase: 'Pending' }),
    'progressing: waiting for a volume of class lazy',
  ],
];

describe('readinessOf', () => {
  it.each(rows)('%s', (_, object, expected) => {
    expect(inWords(readinessOf(object, context))).toBe(expected);
  });
});
