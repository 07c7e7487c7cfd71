import { expect, test } from 'vitest';
import type { ResourceType } from '../../../kube/cluster.ts';
import { failedApiWarnings, refuseToForget } from './failed-apis.ts';
import type { Kinds } from './sight.ts';

const failed = [{ group: 'shop.test', version: 'v1', message: 'its server does not answer' }];
const widgets: ResourceType = {
  group: 'shop.test',
  version: 'v1beta1',
  resource: 'widgets',
  kind: 'Widget',
  namespaced: true,
  verbs: ['list', 'create'],
};
const kinds = (known: ResourceType | undefined): Kinds => ({
  all: [],
  lookup: (group, kind) => (group === 'shop.test' && kind === 'Widget' ? known : undefined),
  failed,
});
const captured = ['Secret/shop/db', 'Widget.shop.test/shop/gadget'];
const resources = { namespaces: ['shop'] };
const check = (known: ResourceType | undefined, keys = captured, excluded: object = {}) =>
  refuseToForget(kinds(known), keys, { ...resources, ...excluded }, 'eu-west');

test('a kind that was captured and cannot be seen any more is named, with the remedy', () => {
  expect(() => check(undefined)).toThrow(/Widget\.shop\.test.*does not answer.*excludeKinds: \[Widget/s);
});

test('a kind that another version of the API still serves is not missed', () => {
  expect(() => check(widgets)).not.toThrow();
});

test('nothing is missed when nothing of it was ever captured, or the user leaves it out', () => {
  expect(() => check(undefined, ['Secret/shop/db'])).not.toThrow();
  expect(() => check(undefined, captured, { excludeKinds: ['Widget.shop.test'] })).not.toThrow();
  expect(() => check(undefined, captured, { exclude: ['Widget.shop.test/shop/gadget'] })).not.toThrow();
});

test('an API of which nothing was captured is told of', () => {
  expect(failedApiWarnings(kinds(undefined))).toEqual([expect.stringContaining('shop.test/v1')]);
});
