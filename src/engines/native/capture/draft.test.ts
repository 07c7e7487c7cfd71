import { expect, test } from 'vitest';
import { objectKey } from '../../../api/object.ts';
import { drScenarioSpec } from '../../../api/v1alpha1/dr-scenario.ts';
import { instant } from '../../../domain/time.ts';
import { anObject } from '../../../testing/objects.ts';
import { draftOf } from './draft.ts';

const spec = drScenarioSpec.parse({
  source: { region: 'eu-west' },
  recovery: { region: 'eu-north' },
  objectives: { rpo: '5m', rto: '10m' },
  resources: { namespaces: ['shop'] },
});

test('a point tells by which signs a custom resource was ready in the source, and of others nothing', () => {
  const ready = { conditions: [{ type: 'Ready', status: 'True' }] };
  const objects = [
    anObject('Cluster', 'shop/db', { apiVersion: 'postgresql.cnpg.io/v1', status: ready }),
    anObject('Cluster', 'shop/new', { apiVersion: 'postgresql.cnpg.io/v1' }),
    anObject('Pod', 'shop/p', { status: ready }),
  ];
  const type = { group: '', version: 'v1', kind: '', resource: '', namespaced: true, verbs: [] };
  const collection = {
    included: new Map(objects.map((object) => [objectKey(object), { object, type }])),
    chosen: new Set<string>(),
    leftOut: [],
    notChosen: [],
    resourceVersions: {},
    missingNamespaces: [],
    kinds: { all: [], lookup: () => undefined, failed: [] },
    support: { infer: true, lookup: () => undefined, excluded: () => false },
  };

  const draft = draftOf({
    name: 'point-1',
    scenario: { namespace: 'dr', name: 'shop', uid: 'uid-1' },
    spec,
    collection,
    evidence: { why: new Map(), dangling: [], beyond: [], unanswered: [] },
    graph: { units: [], edges: [], longestPath: [] },
    warnings: [],
    capturedAt: instant(0),
    clock: { now: () => instant(0), tick: never, sleep: never },
  });

  expect(draft.objects.map(({ key, shown }) => [key, shown])).toEqual([
    ['Cluster.postgresql.cnpg.io/shop/db', ['Ready']],
    ['Cluster.postgresql.cnpg.io/shop/new', undefined],
    ['Pod/shop/p', undefined],
  ]);
});

const never = (): never => {
  throw new Error('this must not be called');
};
