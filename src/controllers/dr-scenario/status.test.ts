import { describe, expect, it } from 'vitest';
import { findCondition } from '../../domain/conditions.ts';
import { instant, millis, type Tick } from '../../domain/time.ts';
import { decide } from './decide.ts';
import { statusBeforeCapture, statusFor } from './status.ts';
import { aWorld, shopSpec } from './testing/world.ts';
import { emptyMemory } from './world.ts';

const noon = instant(Date.parse('2026-03-01T12:00:00Z'));
const now = { tick: 0 as Tick, instant: noon };
const nothingDone = { capture: undefined, announcements: undefined };
const manifest = {
  formatVersion: 1 as const,
  name: 'dr-shop-1',
  scenario: { namespace: 'dr', name: 'shop', uid: 'uid-1' },
  sourceRegion: 'eu-west',
  capturedAt: '2026-03-01T11:59:50Z',
  finishedAt: '2026-03-01T11:59:52Z',
  resourceVersions: {},
  objects: [{ key: 'Secret/shop/db', apiVersion: 'v1', digest: 'd', resourceVersion: '1', bytes: 10 }],
  leftOut: [],
  units: [{ id: 'Secret/shop/db', objects: ['Secret/shop/db'] }],
  edges: [],
  longestPath: ['Secret/shop/db'],
  volumesWithoutData: ['PersistentVolumeClaim/shop/data'],
  archive: { sha256: 'a', bytes: 100 },
};
const point = { manifest, digest: 'sha256:m' };
const captured = {
  kind: 'succeeded' as const,
  point,
  verifiedAt: noon,
  points: [point],
  startedAt: 0 as Tick,
  took: millis(2000),
};

describe('the status of a scenario', () => {
  it('is Protecting before the first recovery point', () => {
    const world = aWorld();
    const status = statusFor(world, decide(world, emptyMemory, now), nothingDone, noon);
    expect(status.phase).toBe('Protecting');
    expect(findCondition(status.conditions ?? [], 'Protected')).toMatchObject({
      status: 'False',
      reason: 'NoRecoveryPoint',
    });
  });

  it('is Protected by a verified point, with its instant and not the end of the transfer', () => {
    const world = aWorld();
    const status = statusFor(
      world,
      decide(world, emptyMemory, now),
      { ...nothingDone, capture: captured },
      noon,
    );
    expect(status).toMatchObject({
      phase: 'Protected',
      acceptedGeneration: 2,
      recoveryPoint: {
        name: 'dr-shop-1',
        capturedAt: '2026-03-01T11:59:50Z',
        verifiedAt: '2026-03-01T12:00:00.000Z',
      },
      replication: { lastResult: 'Succeeded', lastDurationMillis: 2000, consecutiveFailures: 0 },
    });
  });

  it('says which claims would come back empty', () => {
    const world = aWorld();
    const status = statusFor(
      world,
      decide(world, emptyMemory, now),
      { ...nothingDone, capture: captured },
      noon,
    );
    expect(findCondition(status.conditions ?? [], 'VolumeDataProtected')).toMatchObject({
      status: 'False',
      message: expect.stringContaining('PersistentVolumeClaim/shop/data'),
    });
  });

  it('is AtRisk when the newest verified point is older than the RPO', () => {
    const old = {
      name: 'p',
      capturedAt: '2026-03-01T11:58:00Z',
      verifiedAt: '2026-03-01T11:58:01Z',
      objects: 1,
      bytes: 1,
      digest: 'd',
    };
    const world = aWorld({ status: { recoveryPoint: old, recoveryPoints: [old], acceptedSpec: shopSpec } });
    const status = statusFor(world, decide(world, emptyMemory, now), nothingDone, noon);
    expect(status.phase).toBe('AtRisk');
    expect(status.recoveryPoint).toEqual(old);
  });

  it('keeps the earlier point in force when a capture fails, and counts the failures', () => {
    const good = {
      name: 'p',
      capturedAt: '2026-03-01T11:59:30Z',
      verifiedAt: '2026-03-01T11:59:31Z',
      objects: 1,
      bytes: 1,
      digest: 'd',
    };
    const world = aWorld({
      status: {
        recoveryPoint: good,
        recoveryPoints: [good],
        acceptedSpec: shopSpec,
        replication: { consecutiveFailures: 2 },
      },
    });
    const failed = {
      kind: 'failed' as const,
      reason: 'CaptureFailed' as const,
      message: 'the store is full',
      startedAt: 0 as Tick,
      took: millis(10),
    };
    const status = statusFor(
      world,
      decide(world, emptyMemory, now),
      { ...nothingDone, capture: failed },
      noon,
    );
    expect(status).toMatchObject({
      phase: 'Protected',
      recoveryPoint: good,
      replication: { lastResult: 'Failed', lastMessage: 'the store is full', consecutiveFailures: 3 },
    });
    expect(findCondition(status.conditions ?? [], 'Replicated')).toMatchObject({
      status: 'False',
      reason: 'CaptureFailed',
    });
  });

  it('records that a capture starts before it does', () => {
    const world = aWorld();
    const status = statusBeforeCapture(world, decide(world, emptyMemory, now), noon);
    expect(status.replication?.lastStartedAt).toBe('2026-03-01T12:00:00.000Z');
  });

  it('keeps the time of transition while the status of a condition stays the same', () => {
    const world = aWorld();
    const first = statusFor(
      world,
      decide(world, emptyMemory, now),
      { ...nothingDone, capture: captured },
      noon,
    );
    const later = instant(noon + 10_000);
    const next = aWorld({ status: first });
    const second = statusFor(next, decide(next, emptyMemory, now), nothingDone, later);
    expect(findCondition(second.conditions ?? [], 'Protected')?.lastTransitionTime).toBe(
      '2026-03-01T12:00:00.000Z',
    );
  });
});
