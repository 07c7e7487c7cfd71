import { describe, expect, test } from 'vitest';
import { drScenarioSpec } from '../../api/v1alpha1/dr-scenario.ts';
import { fromRfc3339, instant } from '../time.ts';
import { type AdmissionFacts, admit, type PointFacts } from './admit.ts';

const spec = drScenarioSpec.parse({
  source: { region: 'eu-west' },
  recovery: { region: 'eu-north' },
  objectives: { rpo: '5m', rto: '10m' },
  resources: { namespaces: ['shop'] },
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

  test('takes the point that is named', () => {
    expect(admit(facts({ spec: asking('p1') }))).toMatchObject({ kind: 'admitted', point: { name: 'p1' } });
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
  };
  test.each(Object.entries(refusals))('refuses %s', (_, [changes, rule, says]) => {
    expect(admit(facts(changes))).toMatchObject({
      kind: 'refused',
      rule,
      message: expect.stringContaining(says),
    });
  });

  test('allows an automatic failover that loses up to twice the RPO when no budget is given', () => {
    expect(admit(facts({ automatic: true }))).toMatchObject({ kind: 'admitted' });
  });

  test('lets a person fail over whatever the regions look like', () => {
    const unknown = { verdict: 'Unreachable', since: undefined, message: 'no answer' } as const;
    expect(admit(facts({ source: unknown, recovery: unknown }))).toMatchObject({ kind: 'admitted' });
  });
});
