import { describe, expect, it } from 'vitest';
import { coloured } from './style.ts';
import { shopRecord } from './testing/shop.ts';
import { renderTree, wrapped } from './tree.ts';

describe('the tree of a graph', () => {
  it('shows the units of the shop in waves, with what each needs and why', () => {
    expect(renderTree(shopRecord)).toMatchInlineSnapshot(`
      "dr/shop: 9 objects (6.9 KiB) in 6 units, 8 dependencies, 5 waves
      from region eu-west, as in recovery point dr-shop-20260301t120000z of 2026-03-01T12:00:00.000Z
      A unit starts as soon as what it needs is ready; its wave is the earliest it can be in.

      Wave 1: 1 unit
      └─ Namespace/shop

      Wave 2: 1 unit
      └─ Secret/shop/db-credentials
         needs Namespace/shop (wave 1), being in it

      Wave 3: 1 unit
      └─ StatefulSet/shop/db
         with Service/shop/db
         needs Namespace/shop (wave 1), being in it
         needs Secret/shop/db-credentials (wave 2) because
             StatefulSet/shop/db spec.template…containers[0].envFrom[0].secretRef.name (env-from-secret)

      Wave 4: 2 units
      ├─ Deployment/shop/cart
      │  needs StatefulSet/shop/db (wave 3) because
      │      Deployment/shop/cart spec.templ…env[3].value "db.shop.svc:5432" (host-name, likely)
      └─ Deployment/shop/web
         with ConfigMap/shop/web, Service/shop/web
         needs Namespace/shop (wave 1), being in it
         needs Secret/shop/db-credentials (wave 2) because
             Deployment/shop/web spec.template.spec.containers[0].envFrom[0] (env-from-secret)
             Deployment/shop/web spec.template…env[0].valueFrom.secretKeyRef.name (env-secret-key)
             and 1 further reason
         needs StatefulSet/shop/db (wave 3) because
             Deployment/shop/web spec.dependencies.edges[0] (explicit)

      Wave 5: 1 unit
      └─ Ingress/shop/shop
         needs Deployment/shop/web (wave 4) because
             Ingress/shop/shop spec.rules[0].http.paths[0].backend.service.name (ingress-backend)

      Longest path (5): Namespace/shop → Secret/shop/db-credentials → StatefulSet/shop/db →
        Deployment/shop/web → Ingress/shop/shop

      Left out: 3 objects
        2 made again by its controller (GeneratedByController)
        1 made by every cluster itself (ClusterOwned)

      Referred to, but not in the source: 1 object
        ConfigMap/shop/feature-flags needed by
          Deployment/shop/cart spec.template.spec.volumes[0] (volume-config-map)

      Claims without their data: PersistentVolumeClaim/shop/data-db-0
      "
    `);
  });

  it('fits into 100 columns, whatever the names of fields', () => {
    const field = `spec.${'averylongname.'.repeat(20)}end`;
    const edges = shopRecord.edges.map((edge) => ({
      ...edge,
      because: edge.because.map((one) => ({ ...one, field })),
    }));

    const lines = renderTree({ ...shopRecord, edges }).split('\n');

    expect(lines.filter((line) => line.length > 100)).toEqual([]);
  });

  it('gives a field its own line when the name before it is long', () => {
    const from = `Deployment.apps/shop/${'x'.repeat(60)}`;
    const because = [
      {
        from,
        to: 'Secret/shop/s',
        rule: 'env-from-secret',
        field: 'spec.template.spec.containers[0].envFrom[0]',
      },
    ];
    const record = {
      ...shopRecord,
      units: [
        { id: 'Secret/shop/s', objects: ['Secret/shop/s'] },
        { id: from, objects: [from] },
      ],
      edges: [{ from, to: 'Secret/shop/s', because }],
    };

    expect(renderTree(record)).toContain(
      `       Deployment/shop/${'x'.repeat(60)}\n         spec.template.spec.containers[0].envFrom[0] (env-from-secret)\n`,
    );
  });

  it('says the same with and without colours', () => {
    // oxlint-disable-next-line no-control-regex
    const withoutCodes = renderTree(shopRecord, coloured).replaceAll(/\u001b\[\d+m/g, '');

    expect(withoutCodes).toBe(renderTree(shopRecord));
  });

  it('prints every unit once as an entry, however many need it', () => {
    const entries = renderTree(shopRecord)
      .split('\n')
      .filter((line) => /^[├└]─ /.test(line));

    expect(entries).toHaveLength(shopRecord.units.length);
    expect(new Set(entries.map((line) => line.slice(3))).size).toBe(entries.length);
  });

  it('keeps the group of a kind that two groups have', () => {
    const units = ['Service/shop/a', 'Service.serving.knative.dev/shop/a'].map((id) => ({
      id,
      objects: [id],
    }));

    const tree = renderTree({ ...shopRecord, units, edges: [], leftOut: [], dangling: [] });

    expect(tree).toContain('─ Service/shop/a\n');
    expect(tree).toContain('─ Service.serving.knative.dev/shop/a\n');
  });

  it('counts what was not chosen, also when not all of it is named', () => {
    const leftOut = [...shopRecord.leftOut, { key: 'ConfigMap/shop/idle', reason: 'NotChosen' }];

    const tree = renderTree({ ...shopRecord, leftOut, notChosen: 2500 });

    expect(tree).toContain('Left out: 2503 objects');
    expect(tree).toContain('  2500 not chosen by spec.resources, nor needed (NotChosen)');
  });

  it('says what was cut from a graph that was too large', () => {
    expect(renderTree({ ...shopRecord, omitted: ['evidence'] })).toContain(
      'too large to be published whole: the reasons of dependencies',
    );
  });
});

describe('wrapped', () => {
  it('breaks at blanks only, indents further lines, and makes none of nothing', () => {
    expect(wrapped('aa bb cc', 5, '  ')).toEqual(['aa bb', '  cc']);
    expect(wrapped('', 5, '')).toEqual([]);
  });
});
