import { expect, test } from 'vitest';
import type { KubeObject } from '../../../api/object.ts';
import { bounded, SCENARIO_LABEL, scenarioLabel } from '../../../api/ownership.ts';
import { manifestOf } from '../../../domain/execution/testing/manifest.ts';
import { prepare } from '../restore/prepare.ts';
import { judge } from './judge.ts';

const shop = { namespace: 'dr', name: 'shop', uid: 'u1' };

function make(kind: string, name: string, rest: object = {}, metadata: object = {}): KubeObject {
  const apiVersion = kind.startsWith('Cluster') ? 'rbac.authorization.k8s.io/v1' : 'v1';
  return { apiVersion, kind, metadata: { name, namespace: 'shop', ...metadata }, ...rest };
}
const clusterWide = (object: KubeObject): KubeObject => {
  const { namespace: _, ...metadata } = object.metadata;
  return { ...object, metadata };
};
const ours = (object: KubeObject, label = scenarioLabel(shop)): KubeObject => ({
  ...object,
  metadata: { ...object.metadata, labels: { [SCENARIO_LABEL]: label } },
});

test('what is not there is created', () => {
  expect(judge(make('ConfigMap', 'web'), undefined, shop)).toEqual({ kind: 'create' });
});

test('what we put there is updated', () => {
  const existing = ours(make('ConfigMap', 'web'));
  expect(judge(make('ConfigMap', 'web'), existing, shop)).toEqual({ kind: 'update', existing });
});

test('what somebody else, or another scenario, put there is foreign, also when it is equal', () => {
  const captured = make('ConfigMap', 'web', { data: { a: '1' } });
  expect(judge(captured, captured, shop)).toEqual({ kind: 'foreign', owner: undefined });
  expect(judge(captured, ours(captured, 'dr.other'), shop)).toEqual({ kind: 'foreign', owner: 'dr.other' });
});

test('what is being deleted is waited for, whoever put it there', () => {
  const going = { deletionTimestamp: '2026-01-01T00:00:00Z' };
  expect(judge(make('Secret', 'a'), make('Secret', 'a', {}, going), shop).kind).toBe('being-deleted');
  const namespace = clusterWide(make('Namespace', 'shop', {}, going));
  expect(judge(namespace, ours(namespace), shop).kind).toBe('being-deleted');
});

test('an existing namespace of somebody else is used as it is', () => {
  const captured = clusterWide(make('Namespace', 'shop', {}, { labels: { team: 'shop' } }));
  const existing = clusterWide(make('Namespace', 'shop', {}, { labels: { quota: 'small' } }));
  expect(judge(captured, existing, shop)).toEqual({ kind: 'accept', existing });
});

const readerRole = (verb: string, uid: string) =>
  clusterWide(make('ClusterRole', 'reader', { rules: [{ verbs: [verb] }] }, { uid }));

test('a shared object without namespace is accepted when equal and foreign when not', () => {
  expect(judge(readerRole('get', 'a'), readerRole('get', 'b'), shop).kind).toBe('accept');
  expect(judge(readerRole('get', 'a'), readerRole('list', 'b'), shop).kind).toBe('foreign');
});

test('what every cluster makes by itself is never foreign', () => {
  const account = make('ServiceAccount', 'default', { imagePullSecrets: [{ name: 'registry' }] });
  expect(judge(account, make('ServiceAccount', 'default'), shop).kind).toBe('complement');
  expect(judge(make('ConfigMap', 'kube-root-ca.crt'), make('ConfigMap', 'kube-root-ca.crt'), shop).kind).toBe(
    'accept',
  );
  const view = clusterWide(
    make('ClusterRole', 'view', {}, { labels: { 'kubernetes.io/bootstrapping': 'rbac-defaults' } }),
  );
  expect(judge(view, { ...view, rules: [] }, shop).kind).toBe('accept');
});

test('a written object says whose it is and which point it came from, and who owns it there', () => {
  const owner = { apiVersion: 'v1', kind: 'ConfigMap', name: 'root', uid: 'source-uid', controller: true };
  const lost = { apiVersion: 'v1', kind: 'ConfigMap', name: 'gone', uid: 'other-uid' };
  const captured = make(
    'Secret',
    'db',
    { data: { p: 'eA==' } },
    { ownerReferences: [owner, lost], uid: 'x' },
  );
  const owners = [
    { owner, uid: 'target-uid' },
    { owner: lost, uid: undefined },
  ];
  const { object, lostOwners } = prepare(captured, owners, shop, manifestOf({ name: 'dr-shop-1' }));
  expect(object).toEqual({
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name: 'db',
      namespace: 'shop',
      labels: { 'antipode.dev/scenario': 'dr.shop' },
      annotations: { 'antipode.dev/recovery-point': 'dr-shop-1' },
      ownerReferences: [{ ...owner, uid: 'target-uid' }],
    },
    data: { p: 'eA==' },
  });
  expect(lostOwners).toEqual([lost]);
});

test('no uid of the source is ever written', () => {
  const owner = { apiVersion: 'v1', kind: 'ConfigMap', name: 'root', uid: 'source-uid' };
  const captured = make('Secret', 'db', {}, { ownerReferences: [owner] });
  const { object } = prepare(captured, [], shop, manifestOf({ name: 'dr-shop-1' }));
  expect(JSON.stringify(object)).not.toContain('uid');
});

test('the label of a scenario is valid, and another one for another scenario, however long the names', () => {
  const long = { namespace: 'n'.repeat(63), name: 's'.repeat(253) };
  const label = scenarioLabel(long);
  expect(label.length).toBeLessThanOrEqual(63);
  expect(label).toMatch(/^[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/);
  expect(scenarioLabel({ ...long, name: `${'s'.repeat(252)}t` })).not.toBe(label);
  expect(bounded('a.b', 63)).toBe('a.b');
});
