import { expect, test } from 'vitest';
import { RECOVERY_POINT_ANNOTATION, SCENARIO_LABEL } from '../../../api/ownership.ts';
import { manifestOf } from '../../../domain/execution/testing/manifest.ts';
import { anObject } from '../../../testing/objects.ts';
import { prepare, withDataNotes } from './prepare.ts';

const shop = { namespace: 'dr', name: 'shop' };
const annotated = (bytes: number) =>
  anObject('ConfigMap', 'shop/a', { metadata: { annotations: { a: 'x'.repeat(bytes - 1) } } });

test('what is written says whose it is and from which point', () => {
  const { object } = prepare(annotated(10), [], shop, manifestOf());
  expect(object.metadata.labels?.[SCENARIO_LABEL]).toBe('dr.shop');
  expect(object.metadata.annotations?.[RECOVERY_POINT_ANNOTATION]).toBe('point-1');
});

test('an object whose annotations leave no room for the point is written without it, and is ours all the same', () => {
  const limit = 256 * 1024;
  const { object } = prepare(annotated(limit), [], shop, manifestOf());
  expect(Object.keys(object.metadata.annotations ?? {})).toEqual(['a']);
  expect(object.metadata.labels?.[SCENARIO_LABEL]).toBe('dr.shop');
  const room = limit - RECOVERY_POINT_ANNOTATION.length - 'point-1'.length;
  const fitting = prepare(annotated(room), [], shop, manifestOf()).object;
  expect(Object.keys(fitting.metadata.annotations ?? {})).toEqual(['a', RECOVERY_POINT_ANNOTATION]);
});

test('what was noted of the data of a claim stays on it, and nothing else of what is there', () => {
  const notes = { 'antipode.dev/data-of': 'velero/p', 'antipode.dev/data-not-moved': 'no route' };
  const existing = anObject('PersistentVolumeClaim', 'shop/a', {
    metadata: { annotations: { ...notes, b: '1' } },
  });
  const wanted = anObject('PersistentVolumeClaim', 'shop/a', { metadata: { annotations: { a: '2' } } });

  expect(withDataNotes(wanted, existing).metadata.annotations).toEqual({ ...notes, a: '2' });
  expect(withDataNotes(wanted, wanted)).toBe(wanted);
});
