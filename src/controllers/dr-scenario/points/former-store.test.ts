/** An edit of the store from pass to pass: which points are listed, and where each of them is. */
import { describe, expect, it } from 'vitest';
import type { DRScenarioStatus } from '../../../api/v1alpha1/dr-scenario.ts';
import type { PointStatus } from '../../../api/v1alpha1/dr-scenario-points.ts';
import { findCondition } from '../../../domain/conditions.ts';
import { manifestOf } from '../../../domain/execution/testing/manifest.ts';
import { nothingRemembered } from '../../../domain/protection/capture-memory.ts';
import { instant, seconds, tick } from '../../../domain/time.ts';
import type { CaptureOutcome } from '../capture/outcome.ts';
import { decide } from '../decide.ts';
import { questionOf } from '../feasibility/feasible.ts';
import { standbyWishOf } from '../standby/standby.ts';
import { statusFor } from '../status.ts';
import { aWorld, shopSpec } from '../testing/world.ts';
import type { Offer, OfferedPoint } from './offer.ts';

const now = { tick: tick(5000), instant: instant(Date.parse('2026-03-01T12:00:00Z')) };
const bucket = (name: string, more: object = {}) => ({
  s3: { bucket: name, region: 'eu-north-1', forcePathStyle: false, ...more },
});
const [former, later] = [bucket('former'), bucket('later')];
const specIn = (store: object) => ({ ...shopSpec, replication: { ...shopSpec.replication, store } });
const stored = (name: string): OfferedPoint => ({
  name,
  capturedAt: '2026-03-01T11:59:50.000Z',
  objects: 1,
  bytes: 1,
  digest: `sha256:${name}`,
});
const verified = (name: string): PointStatus => ({
  ...stored(name),
  verifiedAt: '2026-03-01T11:59:55.000Z',
  confirmedAt: '2026-03-01T11:59:50.000Z',
});
const took = seconds(1);
const run = { startedAt: tick(0), took };
const unproven = (offer: Offer): CaptureOutcome => ({
  ...run,
  kind: 'failed',
  reason: 'VerificationFailed',
  message: 'not proven',
  offer,
});
const proven = (name: string, offer: Offer): CaptureOutcome => ({
  ...run,
  kind: 'succeeded',
  point: { manifest: manifestOf({ name }), digest: `sha256:${name}` },
  verifiedAt: now.instant,
  offer,
});

/** One pass of a scenario whose spec names a store. */
function pass(store: object, status: DRScenarioStatus, capture?: CaptureOutcome): DRScenarioStatus {
  const world = aWorld({ spec: specIn(store), status });
  const outcome = { capture, announcements: undefined, replication: { kind: 'idle' as const } };
  return statusFor(world, decide(world, nothingRemembered, now), outcome, now.instant);
}

const inFormer: DRScenarioStatus = {
  acceptedSpec: specIn(former),
  acceptedGeneration: 1,
  recoveryPoint: verified('old'),
  recoveryPoints: [verified('old'), stored('failed')],
};
const places = ({ recoveryPoints = [] }: DRScenarioStatus) =>
  recoveryPoints.map(({ name, store, verifiedAt }) => [name, store?.s3?.bucket, verifiedAt !== undefined]);

describe('when the store of a scenario is changed', () => {
  it('its points say where they are, and count as before', () => {
    const status = pass(later, inFormer);

    expect(places(status)).toEqual([
      ['old', 'former', true],
      ['failed', 'former', false],
    ]);
    expect(status).toMatchObject({ phase: 'Protected', recoveryPoint: { name: 'old', store: former } });
    expect(findCondition(status.conditions ?? [], 'Protected')?.message).toMatch(
      /old .* is in bucket former, .* bucket later has been verified/,
    );
  });

  it('the verified ones stay while none in the new store is verified', () => {
    const offer = { points: [stored('new')], store: later };
    const changed = pass(later, inFormer);
    const tried = pass(later, changed, unproven(offer));
    const again = pass(later, pass(later, tried), unproven(offer));

    for (const status of [tried, again]) {
      expect(places(status)).toEqual([
        ['new', undefined, false],
        ['old', 'former', true],
      ]);
      expect(status.recoveryPoint).toMatchObject({ name: 'old', store: former });
    }
  });

  it('they go as soon as one is, though it has a lower count', () => {
    const counted = { ...inFormer, recoveryPoints: [{ ...verified('old'), sequence: 40 }] };
    const point = { ...stored('new'), sequence: 1 };
    const status = pass(later, pass(later, counted), proven('new', { points: [point], store: later }));

    expect(places(status)).toEqual([['new', undefined, true]]);
    expect(status.recoveryPoint).toMatchObject({ name: 'new', sequence: 1 });
    expect(status.recoveryPoint?.store).toBeUndefined();
  });

  it('a capture that was begun before it lists its points where they were made', () => {
    const changed = pass(later, inFormer);
    const offer = { points: [stored('last'), stored('old')], store: former };
    const late = pass(later, changed, proven('last', offer));
    const moved = pass(later, late, proven('new', { points: [stored('new')], store: later }));
    const tooLate = pass(later, moved, proven('last', offer));

    expect(places(late)).toEqual([
      ['last', 'former', true],
      ['old', 'former', true],
    ]);
    expect(places(tooLate)).toEqual([['new', undefined, true]]);
  });

  it('points are where the spec says again once it is set back', () => {
    const status = pass(former, pass(later, inFormer));

    expect(places(status)).toEqual([
      ['old', undefined, true],
      ['failed', undefined, false],
    ]);
    expect(status.recoveryPoint?.store).toBeUndefined();
  });

  it('a point that was copied to the new store is in that one once the store has shown that it works', () => {
    const offer = { points: [stored('new'), stored('old')], store: later };
    const changed = pass(later, inFormer);

    expect(places(pass(later, changed, unproven(offer)))).toContainEqual(['old', 'former', true]);
    expect(places(pass(later, changed, proven('new', offer)))).toEqual([
      ['new', undefined, true],
      ['old', undefined, true],
    ]);
  });

  it('no point moves when only the way to the store is another', () => {
    const rotated = bucket('former', { credentialsSecret: 'other', region: 'eu-north-2' });

    expect(places(pass(rotated, inFormer))[0]).toEqual(['old', undefined, true]);
  });

  it('what was missing from the former store stays told, as missing there', () => {
    const lost = { ...inFormer, missingPoints: [{ name: 'lost' }] };
    const offer = { points: [stored('new')], store: later, missing: ['lost'] };

    const status = pass(later, pass(later, lost), proven('new', offer));

    expect(status.missingPoints).toEqual([{ name: 'lost', store: former }]);
  });
});

it('its point is read where it is, for feasibility and for a standby', () => {
  const replication = { ...shopSpec.replication, store: later, standby: 'Warm' as const };
  const world = aWorld({ spec: { ...shopSpec, replication }, status: inFormer });
  const decision = decide(world, nothingRemembered, now);

  expect(questionOf(world, decision, undefined)?.spec.replication.store).toEqual(former);
  expect(standbyWishOf(world, decision, undefined)).toMatchObject({
    kind: 'keep',
    point: 'old',
    spec: { replication: { store: former } },
  });
  const capture = proven('new', { points: [stored('new')], store: later });
  expect(questionOf(world, decision, capture)?.spec.replication.store).toEqual(later);
});
