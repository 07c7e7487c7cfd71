import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { anObject, aWorkload } from '../../testing/objects.ts';
import { type Millis, millis, minutes, parseDuration, seconds } from '../time.ts';
import { type FeasibilityFacts, judgeFeasibility, rpoFindings, rtoFindings } from './feasibility.ts';
import { classesOf, isDefaultStorageClass } from './feasibility-classes.ts';
import type { Finding } from './feasibility-finding.ts';
import type { Forecast } from './forecast.ts';

const leg = (step: string, wait: Millis) => ({ step, apply: millis(0), wait, basis: 'measured' as const });
const predicted = (p50: Millis, p95: Millis, basis: Forecast['basis'] = 'measured'): Forecast => ({
  p50: { total: p50, path: [leg('StatefulSet.apps/shop/db', p50)], queueing: millis(0) },
  p95: { total: p95, path: [leg('StatefulSet.apps/shop/db', p95)], queueing: millis(0) },
  basis,
});
const asked = (findings: readonly Finding[] = []): FeasibilityFacts['recovery'] => ({
  kind: 'rehearsed',
  accepted: 12,
  notRehearsed: [{ why: 'namespace does not exist yet', objects: 3 }],
  unchecked: [],
  findings,
});
const facts = (changes: Partial<FeasibilityFacts> = {}): FeasibilityFacts => ({
  rpo: minutes(5),
  rto: minutes(10),
  captures: [seconds(5)],
  forecast: predicted(minutes(1), minutes(2)),
  recovery: asked(),
  store: [],
  plan: [],
  ...changes,
});
const refusal: Finding = {
  object: 'ConfigMap/shop/a',
  reason: 'RecoveryRefuses',
  message: 'exceeded quota: small',
  remedy: 'raise the quota',
};

describe('feasibility', () => {
  it('is True with what was accepted, what was not asked about, and the prediction', () => {
    const { status, reason, message } = judgeFeasibility(facts());

    expect({ status, reason }).toEqual({ status: 'True', reason: 'Feasible' });
    expect(message).toContain('would take 12 objects');
    expect(message).toContain('3 not rehearsed: namespace does not exist yet');
    expect(message).toContain('predicted RTO 1m typically, 2m in 19 of 20 cases (measured');
  });

  it('is False with object, cause and remedy of what the recovery cluster refuses', () => {
    const { status, reason, message } = judgeFeasibility(facts({ recovery: asked([refusal]) }));

    expect({ status, reason }).toEqual({ status: 'False', reason: 'RecoveryRefuses' });
    expect(message).toBe('ConfigMap/shop/a: exceeded quota: small (raise the quota)');
  });

  it('puts what makes a recovery fail before what makes it late, and counts what it does not tell', () => {
    const small: Finding = { ...refusal, reason: 'RecoveryTooSmall' };
    const { findings, reason, message } = judgeFeasibility(
      facts({ rpo: seconds(5), rto: seconds(5), recovery: asked([small, refusal]) }),
    );

    expect(findings.map((finding) => finding.reason)).toEqual([
      'RecoveryRefuses',
      'RecoveryTooSmall',
      'RTOTooShort',
      'RPOTooShort',
    ]);
    expect(reason).toBe('RecoveryRefuses');
    expect(message).toContain('and 1 more');
  });

  it('is Unknown when the recovery cluster could not be asked and nothing else is wrong', () => {
    const recovery = { kind: 'not-rehearsed' as const, message: 'eu-north cannot be reached' };

    expect(judgeFeasibility(facts({ recovery }))).toMatchObject({
      status: 'Unknown',
      reason: 'NotRehearsed',
      message: 'eu-north cannot be reached',
    });
    const tooShort = judgeFeasibility(facts({ recovery, rpo: seconds(5) }));
    expect(tooShort).toMatchObject({ status: 'False', reason: 'RPOTooShort' });
    expect(tooShort.message).toContain('eu-north cannot be reached');
  });
});

describe('an RPO', () => {
  it('must be as long as two captures and the rest between them, and is told which would hold', () => {
    // 10 s for the one in force, 10 s rest, 10 s until the next is verified.
    expect(rpoFindings(seconds(30), [seconds(10)])).toEqual([]);
    const [finding] = rpoFindings(seconds(29), [seconds(10)]);
    expect(finding?.message).toContain('an RPO of 29s is shorter than the 30s');
    expect(finding?.remedy).toContain('allow 33s or more');
  });

  it('is not judged before a capture was measured', () => {
    expect(rpoFindings(millis(1), [])).toEqual([]);
  });

  it('that is advised is never found too short', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(600_000).map(millis), { minLength: 1, maxLength: 10 }), (captures) => {
        const advised = /allow (\S+) or more/.exec(rpoFindings(millis(0), captures)[0]?.remedy ?? '')?.[1];
        const enough = parseDuration(advised ?? '');
        expect(enough).toBeGreaterThan(0);
        expect(rpoFindings(enough ?? millis(0), captures)).toEqual([]);
      }),
    );
  });
});

describe('an RTO', () => {
  it('shorter than the typical recovery is too short, with the numbers and where the time goes', () => {
    const [finding] = rtoFindings(seconds(30), predicted(minutes(1), minutes(2)));

    expect(finding?.message).toContain(
      'an RTO of 30s is shorter than the predicted 1m typically, 2m in 19 of 20',
    );
    expect(finding?.message).toContain('StatefulSet.apps/shop/db 2m');
    expect(finding?.remedy).toContain('allow 2m12s or more');
  });

  it('between typical and rare is too short when measured, and let pass when only estimated', () => {
    expect(rtoFindings(seconds(90), predicted(minutes(1), minutes(2), 'measured'))).toHaveLength(1);
    expect(rtoFindings(seconds(90), predicted(minutes(1), minutes(2), 'mixed'))).toHaveLength(1);
    expect(rtoFindings(seconds(90), predicted(minutes(1), minutes(2), 'prior'))).toEqual([]);
    expect(rtoFindings(seconds(30), predicted(minutes(1), minutes(2), 'prior'))[0]?.message).toContain(
      'estimated by kind',
    );
  });
});

describe('classes', () => {
  it('are found in claims, claim templates, pods and ingresses, each with its field', () => {
    const claims = [{ spec: { storageClassName: 'fast' } }, { spec: {} }];
    const pod = {
      containers: [],
      priorityClassName: 'high',
      runtimeClassName: 'gvisor',
      volumes: [{ ephemeral: { volumeClaimTemplate: { spec: { storageClassName: 'scratch' } } } }],
    };
    const db = aWorkload('StatefulSet', 'shop/db', pod, { volumeClaimTemplates: claims });
    const ingress = anObject('Ingress', 'shop/web', { spec: { ingressClassName: 'nginx' } });

    const fields = [db, ingress]
      .flatMap(classesOf)
      .map((needed) => [needed.field, needed.kind === 'named' ? needed.ref.name : 'default']);
    expect(fields).toEqual([
      ['spec.template.spec.priorityClassName', 'high'],
      ['spec.template.spec.runtimeClassName', 'gvisor'],
      ['spec.template.spec.volumes[0].ephemeral.volumeClaimTemplate.spec.storageClassName', 'scratch'],
      ['spec.volumeClaimTemplates[0].spec.storageClassName', 'fast'],
      ['spec.volumeClaimTemplates[1].spec.storageClassName', 'default'],
      ['spec.ingressClassName', 'nginx'],
    ]);
  });

  it('may be named by an annotation of old, which goes before the field', () => {
    const annotations = { 'volume.beta.kubernetes.io/storage-class': 'fast' };
    const claim = anObject('PersistentVolumeClaim', 'shop/a', {
      metadata: { annotations },
      spec: { storageClassName: 'slow' },
    });

    expect(classesOf(claim)).toEqual([
      {
        kind: 'named',
        ref: { group: 'storage.k8s.io', kind: 'StorageClass', name: 'fast' },
        field: 'metadata.annotations["volume.beta.kubernetes.io/storage-class"]',
      },
    ]);
  });

  it.each([
    'storageclass.kubernetes.io/is-default-class',
    'storageclass.beta.kubernetes.io/is-default-class',
  ])('are the default of a cluster by %s', (annotation) => {
    const marked = (value: string) =>
      anObject('StorageClass', 'fast', { metadata: { annotations: { [annotation]: value } } });

    expect([marked('true'), marked('false')].map(isDefaultStorageClass)).toEqual([true, false]);
  });

  it('are not needed by a claim for one volume, nor with an empty name', () => {
    const bound = anObject('PersistentVolumeClaim', 'shop/a', { spec: { volumeName: 'pv-1' } });
    const none = anObject('PersistentVolumeClaim', 'shop/b', { spec: { storageClassName: '' } });

    expect([bound, none].flatMap(classesOf)).toEqual([]);
  });
});
