import { describe, expect, it } from 'vitest';
import { type Fixture, loadFixtures } from '../../../test/precision/fixture.ts';
import { measure } from '../../../test/precision/measure.ts';
import { report } from '../../../test/precision/report.ts';
import { buildGraph } from './order.ts';

const fixtures = loadFixtures();
const rows = fixtures.map((fixture) => ({ name: fixture.name, fixture }));

describe('the inferred edges of applications that people use', () => {
  it.each(rows)('$name: every certain edge is found and no trap is stepped into', ({ fixture }) => {
    expect(measure(fixture).findings.filter(({ fatal }) => fatal)).toEqual([]);
  });

  it.each(rows)('$name: they have an order', ({ fixture }) => {
    expect(buildGraph(fixture.objects, [], true, []).kind).toBe('graph');
  });

  it('at least 98% of them are right, over at least 15 applications', () => {
    expect(fixtures.length).toBeGreaterThanOrEqual(15);
    const { isMet, lines } = report(fixtures.map(measure));
    expect(isMet, lines.join('\n')).toBe(true);
  });
});

const WEB = 'Deployment.apps/shop/web';
const DB = 'Secret/shop/db';
const small: Fixture = {
  name: 'small',
  objects: [
    { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } },
    { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'db', namespace: 'shop' } },
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web', namespace: 'shop' },
      spec: {
        template: { spec: { volumes: [{ secret: { secretName: 'db' } }, { configMap: { name: 'gone' } }] } },
      },
    },
  ],
  certain: [{ from: WEB, to: DB, why: 'volume' }],
  likely: [],
  accepted: [],
  forbidden: [],
};
const whatOf = (fixture: Fixture) => measure(fixture).findings.map(({ what }) => what);

describe('the measurement', () => {
  it('finds nothing to say when the rules and the reviewer agree', () => {
    expect(measure(small)).toMatchObject({
      certainRecall: { right: 1, of: 1 },
      certainPrecision: { right: 1, of: 1 },
      findings: [],
    });
  });

  it('counts an edge that nobody expects against precision', () => {
    const measured = measure({ ...small, certain: [] });
    expect(measured.certainPrecision).toEqual({ right: 0, of: 1 });
    expect(report([measured]).isMet).toBe(false);
  });

  it('says which certain edge was missed, and that the goal is not met', () => {
    const measured = measure({ ...small, certain: [...small.certain, { from: DB, to: WEB, why: 'none' }] });
    expect(measured.certainRecall).toEqual({ right: 1, of: 2 });
    expect(measured.findings).toEqual([
      { what: 'missed', edge: `${DB} -> ${WEB}`, why: 'none', fatal: true },
    ]);
    expect(report([measured]).isMet).toBe(false);
  });

  it('asks for certainty: an edge that should be likely is wrong when it is certain', () => {
    expect(whatOf({ ...small, certain: [], likely: small.certain })).toEqual(['wrong']);
  });

  it('accepts what is true without asking for it', () => {
    const { certainRecall, findings } = measure({ ...small, certain: [], accepted: small.certain });
    expect({ certainRecall, findings }).toEqual({ certainRecall: { right: 0, of: 0 }, findings: [] });
  });

  it('sees a trap in an edge, and in a demand for something that is not there', () => {
    const gone = { from: WEB, to: 'ConfigMap/shop/gone', why: 'it is made later' };
    expect(whatOf({ ...small, forbidden: [gone] })).toEqual(['trapped']);
    expect(whatOf({ ...small, certain: [], forbidden: small.certain })).toEqual(['trapped', 'wrong']);
  });
});
