import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { millis } from '../time.ts';
import type { RegionEvidence, RegionRules } from './evidence.ts';
import type { ProbeHistory } from './probe-history.ts';
import { judgeRegion, zonesNeeded } from './region.ts';
import type { NodeEvidence, ZoneEvidence } from './zone.ts';

const probe = (name: string, failures: number, passedBefore = true): ProbeHistory => ({
  name,
  passedBefore,
  failures,
  latencies: passedBefore ? [millis(10)] : [],
  last:
    failures === 0
      ? { kind: 'passed', latency: millis(10) }
      : { kind: 'failed', latency: millis(5), reason: 'refused', message: 'connection refused' },
});
const passing = (name = 'p'): ProbeHistory => probe(name, 0);
const failing = (name = 'p'): ProbeHistory => probe(name, 3);

const zone = (name: string, ready: number, probes: ProbeHistory[] = []): ZoneEvidence => ({
  name,
  nodes: { kind: 'counted', ready, total: 3 },
  probes,
});
const blind = (name: string, probes: ProbeHistory[] = []): ZoneEvidence => ({
  name,
  nodes: { kind: 'unknown' },
  probes,
});

const rules: RegionRules = { zones: { kind: 'count', count: 2 }, minReadyPercent: 50, maxLatency: undefined };

const answering = (zones: ZoneEvidence[], probes: ProbeHistory[] = []): RegionEvidence => ({
  region: 'eu-west-1',
  controlPlane: { kind: 'answers', regionsSeen: ['eu-west-1'], found: true, another: false },
  zonesDiscovered: true,
  zones,
  probes,
});
const silent = (zones: ZoneEvidence[], probes: ProbeHistory[] = []): RegionEvidence => ({
  ...answering(zones, probes),
  controlPlane: { kind: 'silent', why: 'does not answer', asIfLost: true },
});
const refusing = (zones: ZoneEvidence[], probes: ProbeHistory[] = []): RegionEvidence => ({
  ...answering(zones, probes),
  controlPlane: { kind: 'silent', why: 'refuses the credentials of the kubeconfig', asIfLost: false },
});

const cases: Record<string, [RegionEvidence, string, string]> = {
  'all zones healthy': [answering([zone('a', 3), zone('b', 3)]), 'Healthy', '2 of 2 zones healthy'],
  'one zone failed of the two needed': [
    answering([zone('a', 0), zone('b', 3), zone('c', 3)]),
    'Degraded',
    '2 of 3 zones healthy: a Failed (0 of 3 nodes ready)',
  ],
  'as many zones failed as needed': [
    answering([zone('a', 0), zone('b', 1), zone('c', 3)]),
    'Failed',
    '2 of 3 zones failed (2 needed): a Failed (0 of 3 nodes ready), b Failed (1 of 3 nodes ready)',
  ],
  'all zones failed but a probe of the region passing': [
    answering([zone('a', 0), zone('b', 0)], [passing()]),
    'Degraded',
    '0 of 2 zones healthy: a Failed (0 of 3 nodes ready), b Failed (0 of 3 nodes ready); 1 of 1 probes of the region pass, so users are served',
  ],
  'healthy zones but the probe of the region failing': [
    answering([zone('a', 3), zone('b', 3)], [failing()]),
    'Degraded',
    '2 of 2 zones healthy; 1 of 1 probes of the region fail (p: connection refused)',
  ],
  'control plane silent and no probes': [
    silent([blind('a'), blind('b')]),
    'Unreachable',
    'the control plane does not answer; without probes nothing tells whether users are served, so it cannot become Failed: add probes; 0 of 2 zones healthy',
  ],
  'control plane silent and probes passing': [
    silent([blind('a', [passing()]), blind('b', [passing()])]),
    'Unreachable',
    'the control plane does not answer; 2 of 2 zones healthy',
  ],
  'control plane silent and the probes of enough zones failing': [
    silent([blind('a', [failing()]), blind('b', [failing()]), blind('c')]),
    'Failed',
    '2 of 3 zones failed (2 needed): a Failed (all 1 probes fail (p: connection refused)), b Failed (all 1 probes fail (p: connection refused)); the control plane does not answer',
  ],
  'control plane silent and all probes of the region failing': [
    silent([blind('a'), blind('b')], [failing()]),
    'Failed',
    '2 of 2 zones failed (all needed): a Failed (its nodes cannot be read and all probes of the region fail), b Failed (its nodes cannot be read and all probes of the region fail); the control plane does not answer; 1 of 1 probes of the region fail (p: connection refused)',
  ],
  'control plane silent, probes of the region failing but enough zones serving': [
    silent([blind('a', [passing()]), blind('b', [passing()]), blind('c')], [failing()]),
    'Unreachable',
    'the control plane does not answer; 2 of 3 zones healthy: c Failed (its nodes cannot be read and all probes of the region fail); 1 of 1 probes of the region fail (p: connection refused)',
  ],
  'credentials refused and all probes of the region failing': [
    refusing([blind('a'), blind('b')], [failing()]),
    'Unreachable',
    'the control plane refuses the credentials of the kubeconfig; that does not tell that its nodes are lost, so only probes of its zones can make it Failed; 0 of 2 zones healthy; 1 of 1 probes of the region fail (p: connection refused)',
  ],
  'credentials refused and the probes of enough zones failing': [
    refusing([blind('a', [failing()]), blind('b', [failing()])], [failing()]),
    'Failed',
    '2 of 2 zones failed (all needed): a Failed (all 1 probes fail (p: connection refused)), b Failed (all 1 probes fail (p: connection refused)); the control plane refuses the credentials of the kubeconfig; 1 of 1 probes of the region fail (p: connection refused)',
  ],
  'nodes of another region only': [
    {
      ...answering([]),
      zonesDiscovered: false,
      controlPlane: { kind: 'answers', regionsSeen: ['eu-west-2'], found: false, another: false },
    },
    'Unknown',
    'no node carries topology.kubernetes.io/region=eu-west-1, only eu-west-2: correct spec.region, or the kubeconfig if it is of another cluster',
  ],
  'nodes labelled otherwise than before': [
    {
      ...answering([{ name: 'a', nodes: { kind: 'none' }, probes: [] }]),
      controlPlane: { kind: 'answers', regionsSeen: ['eu-west-2'], found: false, another: false },
    },
    'Unknown',
    'no node carries topology.kubernetes.io/region=eu-west-1, only eu-west-2: correct spec.region, or the kubeconfig if it is of another cluster; 0 of 1 zones healthy',
  ],
  'another cluster than before and probes of its zones passing': [
    {
      ...answering([{ name: 'a', nodes: { kind: 'none' }, probes: [passing()] }]),
      zonesDiscovered: false,
      controlPlane: { kind: 'answers', regionsSeen: ['eu-west-2'], found: false, another: true },
    },
    'Unknown',
    'the kubeconfig leads to another cluster than the one that the nodes of the region were seen in, and no node carries topology.kubernetes.io/region=eu-west-1, only eu-west-2: put the right kubeconfig back, or correct spec.region; 1 of 1 zones healthy',
  ],
  'another cluster than before, which is empty, and probes of its zones failing': [
    {
      ...answering([{ name: 'a', nodes: { kind: 'none' }, probes: [failing()] }]),
      zonesDiscovered: false,
      controlPlane: { kind: 'answers', regionsSeen: [], found: false, another: true },
    },
    'Unknown',
    'the kubeconfig leads to another cluster than the one that the nodes of the region were seen in, and the cluster has no nodes: put the right kubeconfig back; its zones were never seen in this cluster, so it cannot be judged Failed; 0 of 1 zones healthy: a Failed (all 1 probes fail (p: connection refused))',
  ],
  'everything failing in a region that was never seen': [
    { ...silent([blind('a', [failing()]), blind('b', [failing()])]), zonesDiscovered: false },
    'Unreachable',
    'the control plane does not answer; its zones were never seen, so it cannot be judged Failed; 0 of 2 zones healthy: a Failed (all 1 probes fail (p: connection refused)), b Failed (all 1 probes fail (p: connection refused))',
  ],
};

describe('a region is judged', () => {
  for (const [name, [evidence, verdict, message]] of Object.entries(cases)) {
    test(`${verdict} with ${name}`, () => {
      expect(judgeRegion(evidence, rules)).toMatchObject({ verdict, message });
    });
  }

  test('suspected from the first failures on, failed only when they are confirmed', () => {
    const first = judgeRegion(silent([blind('a', [probe('p', 1)]), blind('b', [probe('p', 1)])]), rules);
    expect(first).toMatchObject({ verdict: 'Unreachable', suspected: true });
    const confirmed = judgeRegion(silent([blind('a', [failing()]), blind('b', [failing()])]), rules);
    expect(confirmed).toMatchObject({ verdict: 'Failed', suspected: true, provisional: 'Unreachable' });
  });
});

test.each([
  [{ kind: 'count', count: 2 }, 3, 2],
  [{ kind: 'count', count: 5 }, 3, 3],
  [{ kind: 'percent', percent: 50 }, 3, 2],
  [{ kind: 'percent', percent: 67 }, 3, 3],
  [{ kind: 'percent', percent: 1 }, 3, 1],
  [{ kind: 'percent', percent: 100 }, 0, 1],
] as const)('threshold %o of %i known zones is %i', (threshold, known, needed) => {
  expect(zonesNeeded(threshold, known)).toBe(needed);
});

const anyProbe = fc
  .record({ failures: fc.nat(4), passedBefore: fc.boolean() })
  .map(({ failures, passedBefore }) => probe('p', failures, failures === 0 || passedBefore));
const anyCount: fc.Arbitrary<NodeEvidence> = fc
  .tuple(fc.nat(4), fc.nat(4))
  .map(([ready, more]) => ({ kind: 'counted', ready, total: ready + more }));
const anyZones = (nodes: fc.Arbitrary<NodeEvidence>): fc.Arbitrary<ZoneEvidence[]> =>
  fc
    .array(fc.record({ nodes, probes: fc.array(anyProbe, { maxLength: 3 }) }), { maxLength: 5 })
    .map((zones) => zones.map((one, index) => ({ ...one, name: `z${index}` })));
const anyRules: fc.Arbitrary<RegionRules> = fc.record({
  zones: fc.oneof(
    fc.integer({ min: 1, max: 6 }).map((count) => ({ kind: 'count' as const, count })),
    fc.integer({ min: 1, max: 100 }).map((percent) => ({ kind: 'percent' as const, percent })),
  ),
  minReadyPercent: fc.nat(100),
  maxLatency: fc.constantFrom(undefined, millis(5)),
});
const anyEvidence: fc.Arbitrary<RegionEvidence> = fc.oneof(
  fc
    .tuple(
      anyZones(fc.oneof(anyCount, fc.constant<NodeEvidence>({ kind: 'none' }))),
      fc.array(anyProbe, { maxLength: 2 }),
    )
    .map(([zones, probes]) => answering(zones, probes)),
  fc
    .tuple(anyZones(fc.constant<NodeEvidence>({ kind: 'unknown' })), fc.array(anyProbe, { maxLength: 2 }))
    .map(([zones, probes]) => silent(zones, probes)),
);

const calm = (probes: readonly ProbeHistory[]): ProbeHistory[] => probes.filter((one) => one.failures < 3);
const RANK = { Unknown: 0, Healthy: 0, Degraded: 1, Unreachable: 1, Failed: 2 } as const;
const broken = (probes: readonly ProbeHistory[]): ProbeHistory[] =>
  probes.map((one) => ({ ...one, ...failing(one.name) }));
const fewer = (nodes: NodeEvidence): NodeEvidence =>
  nodes.kind === 'counted' ? { ...nodes, ready: Math.max(0, nodes.ready - 1) } : nodes;

describe('whatever is observed', () => {
  test('fewer failed zones than needed never fail a region', () => {
    fc.assert(
      fc.property(anyEvidence, anyRules, (evidence, anyRule) => {
        const { verdict, zonesFailed, zonesNeeded: needed } = judgeRegion(evidence, anyRule);
        expect(verdict === 'Failed' && zonesFailed < needed).toBe(false);
      }),
    );
  });

  test('a silent control plane without any failing probe never fails a region', () => {
    fc.assert(
      fc.property(anyEvidence, anyRules, (evidence, anyRule) => {
        const zones = evidence.zones.map(
          (one): ZoneEvidence => ({ ...one, nodes: { kind: 'unknown' }, probes: calm(one.probes) }),
        );
        expect(judgeRegion(silent(zones, calm(evidence.probes)), anyRule).verdict).toBe('Unreachable');
      }),
    );
  });

  test('a control plane that refuses us never fails a region by probes of the region alone', () => {
    fc.assert(
      fc.property(anyEvidence, anyRules, (evidence, anyRule) => {
        const zones = evidence.zones.map(({ name }) => blind(name));
        expect(judgeRegion(refusing(zones, broken(evidence.probes)), anyRule).verdict).toBe('Unreachable');
      }),
    );
  });

  test('a passing probe of the region keeps it from being failed', () => {
    fc.assert(
      fc.property(anyEvidence, anyRules, (evidence, anyRule) => {
        const served = { ...evidence, probes: [...evidence.probes, passing('served')] };
        expect(judgeRegion(served, anyRule).verdict).not.toBe('Failed');
      }),
    );
  });

  test('more failures never improve the verdict', () => {
    fc.assert(
      fc.property(
        anyEvidence,
        anyRules,
        fc.nat(5),
        fc.constantFrom('probes', 'nodes', 'region'),
        (evidence, anyRule, at, what) => {
          const zones = evidence.zones.map((one, index): ZoneEvidence => {
            if (index !== at) return one;
            return what === 'probes'
              ? { ...one, probes: broken(one.probes) }
              : { ...one, nodes: what === 'nodes' ? fewer(one.nodes) : one.nodes };
          });
          const worse = {
            ...evidence,
            zones,
            probes: what === 'region' ? broken(evidence.probes) : evidence.probes,
          };
          const before = judgeRegion(evidence, anyRule).verdict;
          const after = judgeRegion(worse, anyRule).verdict;
          expect(RANK[after]).toBeGreaterThanOrEqual(RANK[before]);
        },
      ),
      { numRuns: 500 },
    );
  });

  test('what is failed is also suspected', () => {
    fc.assert(
      fc.property(anyEvidence, anyRules, (evidence, anyRule) => {
        const { verdict, suspected } = judgeRegion(evidence, anyRule);
        expect(verdict !== 'Failed' || suspected).toBe(true);
      }),
    );
  });
});
