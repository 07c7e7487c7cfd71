import { describe, expect, test } from 'vitest';
import { drScenarioSpec } from '../../api/v1alpha1/dr-scenario.ts';
import { fromRfc3339, instant } from '../time.ts';
import { type AdmissionFacts, admit, mayFind, mayPass } from './admit.ts';
import type { PointFacts } from './choose-point.ts';

const spec = drScenarioSpec.parse({
  source: { region: 'eu-west' },
  recovery: { region: 'eu-north' },
  objectives: { rpo: '5m', rto: '10m' },
  resources: { namespaces: ['shop'] },
  failover: { mode: 'Automatic' },
});
const point = (name: string, capturedAt: string, verified = true): PointFacts => ({
  name,
  capturedAt,
  digest: 'sha256:00',
  ...(verified ? { verifiedAt: capturedAt } : {}),
});
const older = point('p1', '2026-01-01T00:00:00Z');
const newer = point('p2', '2026-01-01T00:05:00Z');
const unverified = point('p3', '2026-01-01T00:10:00Z', false);

const facts = (changes: Partial<AdmissionFacts> = {}): AdmissionFacts => ({
  spec: { scenario: 'shop', kind: 'Failover', recoveryPoint: 'latest', reason: 'test' },
  automatic: false,
  scenario: { acceptedSpec: spec, activeRegion: 'eu-west', points: [older, newer, unverified] },
  running: [],
  source: { verdict: 'Failed', since: fromRfc3339('2026-01-01T00:12:00Z'), message: '3 of 3 zones failed' },
  recovery: { verdict: 'Healthy', since: instant(0), message: 'all zones healthy' },
  now: fromRfc3339('2026-01-01T00:13:00Z') ?? instant(0),
  ...changes,
});
const asking = (recoveryPoint: string) => ({ ...facts().spec, recoveryPoint });
const withSpec = (acceptedSpec: typeof spec) => ({ acceptedSpec, activeRegion: 'eu-west', points: [newer] });

describe('admit', () => {
  test('takes the newest verified point for latest', () => {
    expect(admit(facts())).toMatchObject({ kind: 'admitted', point: { name: 'p2' } });
  });

  test('takes the one that was made last for latest, though a clock that was ahead has dated another later', () => {
    const points = [
      { ...older, sequence: 2 },
      { ...newer, sequence: 1 },
    ];
    const scenario = { acceptedSpec: spec, activeRegion: 'eu-west', points };
    expect(admit(facts({ scenario }))).toMatchObject({ kind: 'admitted', point: { name: 'p1' } });
  });

  test('takes the point that is named', () => {
    expect(admit(facts({ spec: asking('p1') }))).toMatchObject({ kind: 'admitted', point: { name: 'p1' } });
  });

  test('names the ten newest points when the one asked for does not exist, and counts the others', () => {
    const points = Array.from({ length: 79 }, (_, index) =>
      point(`p${index}`, `2026-01-01T00:${String(index % 60).padStart(2, '0')}:${index < 60 ? '00' : '30'}Z`),
    );
    const scenario = { acceptedSpec: spec, activeRegion: 'eu-west', points };

    const answer = admit(facts({ scenario, spec: asking('p790') }));

    const newest = 'p59, p58, p57, p56, p55, p54, p53, p52, p51, p50';
    expect(answer).toMatchObject({
      kind: 'refused',
      message: `recovery point p790 of shop does not exist; verified ones: ${newest} and 69 more, see status.recoveryPoints of the DRScenario`,
    });
  });

  test('takes a point of the store that is not verified for a person, and never for an automatic failover', () => {
    const found = [{ ...older, sourceRegion: 'eu-west' }];
    const scenario = { acceptedSpec: spec, activeRegion: 'eu-west', points: [], found };

    expect(admit(facts({ scenario }))).toMatchObject({
      kind: 'admitted',
      point: { name: 'p1', unproven: {} },
    });
    expect(admit(facts({ scenario, automatic: true }))).toMatchObject({ rule: 'NoVerifiedRecoveryPoint' });
  });

  test('may have another answer with what is in the store, once, for a person without a verified point', () => {
    const scenario = { acceptedSpec: spec, activeRegion: 'eu-west', points: [] };
    const mayFindBy = (changes: Partial<AdmissionFacts>): boolean => {
      const all = facts({ scenario, ...changes });
      const answer = admit(all);
      return answer.kind === 'refused' && mayFind(all, answer);
    };

    expect(mayFindBy({})).toBe(true);
    expect(mayFindBy({ automatic: true })).toBe(false);
    expect(mayFindBy({ scenario: { ...scenario, found: [] } })).toBe(false);
    expect(mayFindBy({ running: ['other'] })).toBe(false);
  });

  describe('after the recovery region was changed', () => {
    const south = { ...spec, recovery: { region: 'eu-south' } };
    const there = { ...newer, dataRegion: 'eu-north' };
    const changed = (...points: readonly PointFacts[]) =>
      facts({ scenario: { acceptedSpec: south, activeRegion: 'eu-west', points } });

    test('takes no point of which another region has the data, and names both', () => {
      expect(admit(changed(there))).toMatchObject({
        kind: 'refused',
        rule: 'NoVerifiedRecoveryPoint',
        message: expect.stringMatching(/no point .*eu-south.*p2.*eu-north.*spec\.recovery\.region/),
      });
    });

    test('takes none of them by its name either', () => {
      expect(admit({ ...changed(there, older), spec: asking('p2') })).toMatchObject({
        kind: 'refused',
        message: expect.stringMatching(/p2 of shop has .*data.* in eu-north, not in eu-south.*ones: p1$/),
      });
    });

    test('takes an older point of objects only, and one whose data it has', () => {
      expect(admit(changed(there, older))).toMatchObject({ kind: 'admitted', point: { name: 'p1' } });
      expect(admit(changed({ ...newer, dataRegion: 'eu-south' }, older))).toMatchObject({
        point: { name: 'p2' },
      });
    });
  });

  const refusals: Readonly<Record<string, readonly [Partial<AdmissionFacts>, rule: string, says: string]>> = {
    'a scenario that does not exist': [{ scenario: undefined }, 'ScenarioNotFound', 'shop'],
    'a scenario without an accepted spec': [
      { scenario: { acceptedSpec: undefined, activeRegion: undefined, points: [newer] } },
      'ScenarioNotAccepted',
      'Accepted',
    ],
    'another execution running on the scenario': [{ running: ['other'] }, 'OneExecutionAtATime', 'other'],
    'a scenario that already runs in the recovery region': [
      { scenario: { acceptedSpec: spec, activeRegion: 'eu-north', points: [newer] } },
      'AlreadyFailedOver',
      'eu-north',
    ],
    'a scenario without any verified point': [
      { scenario: { acceptedSpec: spec, activeRegion: 'eu-west', points: [unverified] } },
      'NoVerifiedRecoveryPoint',
      'no verified recovery point',
    ],
    'a named point that is not verified': [
      { spec: asking('p3') },
      'NoVerifiedRecoveryPoint',
      'is not verified',
    ],
    'a named point that does not exist': [
      { spec: asking('p9') },
      'NoVerifiedRecoveryPoint',
      'does not exist; verified ones: p2, p1',
    ],
    'a name that would change from addresses to an alias': [
      {
        scenario: withSpec({
          ...spec,
          dns: {
            ...spec.dns,
            records: [
              {
                hostname: 'shop.test.example',
                ttl: 30,
                source: { addresses: ['192.0.2.1'] },
                recovery: { addresses: ['lb.example.com'] },
              },
            ],
          },
        }),
      },
      'DNSTypesMixed',
      'from A (192.0.2.1) to CNAME (lb.example.com)',
    ],
    'an automatic failover whose source is not failed': [
      { automatic: true, source: { verdict: 'Unreachable', since: undefined, message: 'no answer' } },
      'SourceNotFailed',
      'Unreachable (no answer)',
    ],
    'an automatic failover whose source has recovered, whatever else may be wrong': [
      {
        automatic: true,
        scenario: { acceptedSpec: spec, activeRegion: 'eu-west', points: [] },
        running: ['other'],
        source: { verdict: 'Healthy', since: undefined, message: 'all zones healthy' },
      },
      'SourceNotFailed',
      'nothing is moved without need',
    ],
    'an automatic failover of a scenario that is to be failed over by hand by now': [
      {
        automatic: true,
        scenario: withSpec({ ...spec, failover: { ...spec.failover, mode: 'Manual' } }),
      },
      'ManualMode',
      'failover.mode',
    ],
    'an automatic failover into an unreachable region': [
      { automatic: true, recovery: { verdict: 'Unreachable', since: undefined, message: 'no answer' } },
      'RecoveryRegionUnhealthy',
      'eu-north is Unreachable',
    ],
    'an automatic failover that would lose more than allowed': [
      {
        automatic: true,
        scenario: withSpec({ ...spec, failover: { ...spec.failover, maxDataLoss: '6m' } }),
      },
      'MaxDataLoss',
      'would lose 7m, more than the 6m',
    ],
    'an automatic failover to a point that a clock has dated ahead': [
      { automatic: true, now: fromRfc3339('2026-01-01T00:03:00Z') ?? instant(0) },
      'MaxDataLoss',
      "what recovery point p2 would lose is not known, as its instant 2026-01-01T00:05:00Z is ahead of the operator's clock",
    ],
  };
  test.each(Object.entries(refusals))('refuses %s', (_, [changes, rule, says]) => {
    expect(admit(facts(changes))).toMatchObject({
      kind: 'refused',
      rule,
      message: expect.stringContaining(says),
    });
  });

  test('waits with an automatic failover for what may pass while the source is failed, and never with one by hand', () => {
    const waited = (automatic: boolean) =>
      Object.values(refusals).flatMap(([changes]) => {
        const judged = facts({ ...changes, automatic });
        const admission = admit(judged);
        return admission.kind === 'refused' && mayPass(judged, admission) ? admission.rule : [];
      });
    expect(new Set(waited(true))).toEqual(
      new Set([
        'ScenarioNotAccepted',
        'OneExecutionAtATime',
        'NoVerifiedRecoveryPoint',
        'DNSTypesMixed',
        'RecoveryRegionUnhealthy',
        'MaxDataLoss',
      ]),
    );
    expect(waited(false)).toEqual([]);
  });

  test('allows an automatic failover that loses up to twice the RPO when no budget is given', () => {
    expect(admit(facts({ automatic: true }))).toMatchObject({ kind: 'admitted' });
  });

  test('counts what an automatic failover would lose from when the chosen point was last confirmed, not another', () => {
    const strict = { ...spec, failover: { ...spec.failover, maxDataLoss: '2m' } };
    const confirmedAt = '2026-01-01T00:11:00Z';
    const points = (changes: { older?: object; newer?: object }) => ({
      ...withSpec(strict),
      points: [
        { ...older, ...changes.older },
        { ...newer, ...changes.newer },
      ],
    });
    const ask = (changes: { older?: object; newer?: object }) =>
      admit(facts({ automatic: true, scenario: points(changes) }));
    expect(ask({ newer: { confirmedAt } })).toMatchObject({ kind: 'admitted', point: { name: 'p2' } });
    expect(ask({ older: { confirmedAt } })).toMatchObject({ kind: 'refused', rule: 'MaxDataLoss' });
  });

  test('lets a person fail over whatever the regions look like', () => {
    const unknown = { verdict: 'Unreachable', since: undefined, message: 'no answer' } as const;
    expect(admit(facts({ source: unknown, recovery: unknown }))).toMatchObject({ kind: 'admitted' });
  });
});
