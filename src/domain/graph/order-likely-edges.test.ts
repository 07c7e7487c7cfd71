import { describe, expect, it } from 'vitest';
import { aWorkload } from '../../testing/objects.ts';
import { buildGraph } from './order.ts';
import { API, DB, graph, service, WEB } from './testing/shop-objects.ts';

describe('likely edges', () => {
  const calling = (kind: string, where: string, host: string) =>
    aWorkload(kind, where, { containers: [{ env: [{ name: 'NEXT_HOST', value: host }] }] });

  it('make a workload wait for what answers for the Service that it calls', () => {
    const { edges } = graph([
      calling('Deployment', 'shop/web', 'db'),
      service('db'),
      aWorkload('StatefulSet', 'shop/db'),
    ]);

    expect(edges.map(({ from, to }) => [from, to])).toEqual([[WEB, DB]]);
    expect(edges[0]?.because).toContainEqual({
      from: WEB,
      to: 'Service/shop/db',
      rule: 'service-name-in-environment',
      field: 'spec.template.spec.containers[0].env[0].value',
      certainty: 'likely',
      matched: 'db',
    });
  });

  it('are not followed where two call each other: both start, and people are told once for each', () => {
    const result = buildGraph(
      [
        calling('Deployment', 'shop/web', 'api'),
        calling('Deployment', 'shop/api', 'web'),
        service('web'),
        service('api'),
      ],
      [],
      true,
      [],
    );

    expect(result).toMatchObject({ kind: 'graph', graph: { edges: [] } });
    expect(result.kind === 'graph' && result.warnings).toEqual([
      `${API} likely needs ${WEB} (service-name-in-environment: spec.template.spec.containers[0].env[0].value "web"), which is not followed because it closes a circle: ${API} -> ${WEB} -> ${API}`,
      `${WEB} likely needs ${API} (service-name-in-environment: spec.template.spec.containers[0].env[0].value "api"), which is not followed because it closes a circle: ${WEB} -> ${API} -> ${WEB}`,
    ]);
  });

  it('give way to what a user wrote', () => {
    const explicit = [{ before: 'Deployment/shop/web', after: 'StatefulSet/shop/db' }];
    const objects = [
      calling('Deployment', 'shop/web', 'db'),
      service('db'),
      aWorkload('StatefulSet', 'shop/db'),
    ];

    const result = buildGraph(objects, explicit, true, []);

    expect(result.kind === 'graph' && result.graph.edges.map(({ from, to }) => [from, to])).toEqual([
      [DB, WEB],
    ]);
    expect(result.kind === 'graph' && result.warnings).toHaveLength(1);
  });

  it('that close a thousand circles are all dropped, and fifty of them told', () => {
    const objects = Array.from({ length: 1000 }, (_, index) => [
      calling('Deployment', `shop/w${index}`, `w${(index + 1) % 1000}`),
      service(`w${index}`),
    ]).flat();

    const result = buildGraph(objects, [], true, []);

    expect(result.kind === 'graph' && result.graph.edges).toEqual([]);
    expect(result.kind === 'graph' && result.warnings).toHaveLength(51);
  });
});
