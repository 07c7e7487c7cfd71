import { describe, expect, it } from 'vitest';
import { anObject } from '../../testing/objects.ts';
import { buildGraph } from './order.ts';
import { config, graph, secret, service, unitsOf, WEB, web } from './testing/shop-objects.ts';
import { compileReadiness } from './user-rules/compile.ts';

const namespace = anObject('Namespace', 'shop');

describe('objects that nothing refers to', () => {
  it('are one unit for each namespace, named after the first, which waits for the namespace only', () => {
    const objects = [
      namespace,
      secret('release-2'),
      secret('release-1'),
      config('notes'),
      anObject('Role', 'shop/auditor'),
      anObject('Secret', 'other/release'),
    ];

    expect(unitsOf(objects)).toEqual({
      'Namespace/shop': ['Namespace/shop'],
      'Secret/other/release': ['Secret/other/release'],
      'Secret/shop/release-1': [
        'Secret/shop/release-1',
        'Secret/shop/release-2',
        'ConfigMap/shop/notes',
        'Role.rbac.authorization.k8s.io/shop/auditor',
      ],
    });
    expect(graph(objects).edges.map(({ from, to }) => [from, to])).toEqual([
      ['Secret/shop/release-1', 'Namespace/shop'],
    ]);
  });

  it('are at most two hundred in one unit', () => {
    const many = Array.from({ length: 450 }, (_, index) => secret(`s${String(index).padStart(3, '0')}`));

    expect(graph(many).units.map(({ id, objects }) => [id, objects.length])).toEqual([
      ['Secret/shop/s000', 200],
      ['Secret/shop/s200', 200],
      ['Secret/shop/s400', 50],
    ]);
  });

  it('stay apart when a user orders them, or has a rule of their readiness', () => {
    const objects = [secret('a'), secret('b'), secret('c'), secret('d'), secret('e')];
    const compiled = compileReadiness([
      { name: 'filled', match: "object.metadata.name == 'c'", ready: 'has(object.data.key)' },
    ]);
    if (compiled.kind !== 'compiled') throw new Error('the rule is wrong');
    const explicit = [{ before: 'Secret/shop/a', after: 'Secret/shop/b' }];

    const result = buildGraph(objects, explicit, true, [], { needs: [], readiness: compiled.rules });

    const units = result.kind === 'graph' ? result.graph.units.map((unit) => unit.objects) : [];
    expect(units.toSorted(([a = ''], [b = '']) => a.localeCompare(b))).toEqual([
      ['Secret/shop/a'],
      ['Secret/shop/b'],
      ['Secret/shop/c'],
      ['Secret/shop/d', 'Secret/shop/e'],
    ]);
  });

  it('are not those that have to become ready, or that somebody else makes ready', () => {
    const objects = [
      secret('a'),
      anObject('PersistentVolumeClaim', 'shop/data'),
      service('lonely'),
      anObject('Widget', 'shop/gadget', { apiVersion: 'example.com/v1' }),
      anObject('CronJob', 'shop/nightly'),
      anObject('Secret', 'shop/token', { type: 'kubernetes.io/service-account-token' }),
    ];

    expect(graph(objects).units.every((unit) => unit.objects.length === 1)).toBe(true);
  });

  it('are not those that a workload uses, be it only likely', () => {
    const envFrom = [{ secretRef: { name: 'used' } }];
    const env = [{ name: 'NOTES_CONFIGMAP', value: 'notes' }];
    const named = web({ containers: [{ envFrom, env }] });

    const units = unitsOf([named, secret('used'), config('notes'), secret('loose-1'), secret('loose-2')]);

    expect(units['Secret/shop/loose-1']).toEqual(['Secret/shop/loose-1', 'Secret/shop/loose-2']);
    expect(units[WEB]).toContain(WEB);
  });
});
