import { expect, test } from 'vitest';
import { anObject } from '../../testing/objects.ts';
import { groupLabels } from './group.ts';

const claim = (name: string, labels: Readonly<Record<string, string>>) =>
  anObject('PersistentVolumeClaim', `shop/${name}`, { metadata: { labels } });

test('labels that all members have, and no other claim has as a whole, choose the group', () => {
  const members = [claim('log', { app: 'db', part: 'log' }), claim('table', { app: 'db', part: 'table' })];

  expect(groupLabels(members, [claim('cache', { app: 'web' })])).toEqual({ app: 'db' });
});

test('another claim with the same labels would be cut along, so there is no group', () => {
  const members = [claim('log', { app: 'db' }), claim('table', { app: 'db' })];

  expect(groupLabels(members, [claim('old', { app: 'db', state: 'unused' })])).toBeUndefined();
});

test('claims without a label in common, and a single claim, are no group', () => {
  expect(groupLabels([claim('log', { a: '1' }), claim('table', { a: '2' })], [])).toBeUndefined();
  expect(groupLabels([claim('log', {}), claim('table', {})], [])).toBeUndefined();
  expect(groupLabels([claim('log', { app: 'db' })], [])).toBeUndefined();
  expect(groupLabels([], [])).toBeUndefined();
});
