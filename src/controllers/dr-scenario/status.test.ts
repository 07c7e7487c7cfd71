import { describe, expect, it } from 'vitest';
import type { DRScenarioStatus } from '../../api/v1alpha1/dr-scenario.ts';
import { findCondition } from '../../domain/conditions.ts';
import { afterAttempt, nothingRemembered } from '../../domain/protection/capture-memory.ts';
import { instant, millis, type Tick } from '../../domain/time.ts';
import type { Announcement } from './conditions.ts';
import { decide } from './decide.ts';
import type { Offer } from './points/offer.ts';
import { statusFor } from './status.ts';
import { aRegion, aWorld, shopSpec } from './testing/world.ts';

const noon = instant(Date.parse('2026-03-01T12:00:00Z'));
const now = { tick: 0 as Tick, instant: noon };
const nothingDone = {
  capture: undefined,
  announcements: undefined,
  replication: { kind: 'idle' as const },
};
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
const summary = {
  name: manifest.name,
  capturedAt: manifest.capturedAt,
  objects: manifest.objects.length,
  bytes: 100,
  digest: point.digest,
};
const captured = {
  kind: 'succeeded' as const,
  point,
  verifiedAt: noon,
  warnings: [],
  offer: { points: [summary] },
  startedAt: 0 as Tick,
  took: millis(2000),
};

describe('the names of a scenario', () => {
  const dnsReady = (...announcements: readonly Announcement[]) => {
    const world = aWorld({
      spec: { dns: { records: announcements.map(({ hostname }) => recordOf(hostname)) } },
    });
    const outcome = { ...nothingDone, announcements };
    const { conditions } = statusFor(world, decide(world, nothingRemembered, now), outcome, noon);
    return findCondition(conditions ?? [], 'DNSReady');
  };
  const recordOf = (hostname: string) => ({
    hostname,
    source: { addresses: ['192.0.2.1'] },
    recovery: { addresses: ['198.51.100.1'] },
  });

  it('are ready once all are announced', () => {
    expect(dnsReady({ hostname: 'a.example.com' }, { hostname: 'b.example.com' })).toMatchObject({
      status: 'True',
      message: 'a.example.com, b.example.com',
    });
  });

  it('are not while a failover could not move one of them, though it is announced', () => {
    const stuck = 'b.example.com would change from CNAME to A';
    expect(dnsReady({ hostname: 'a.example.com' }, { hostname: 'b.example.com', stuck })).toMatchObject({
      status: 'False',
      reason: 'DNSTypesMixed',
      message: `a failover could not move every name: ${stuck}`,
    });
  });

  it('say both, where one could not be announced besides', () => {
    const stuck = 'b.example.com would change from CNAME to A';
    const failed = { hostname: 'a.example.com', problem: 'no address' };
    expect(dnsReady(failed, { hostname: 'b.example.com', stuck })).toMatchObject({
      reason: 'AnnouncementFailed',
      message: `a.example.com: no address; ${stuck}`,
    });
  });
});

describe('the status of a scenario', () => {
  it('is Protecting before the first recovery point', () => {
    const world = aWorld();
    const status = statusFor(world, decide(world, nothingRemembered, now), nothingDone, noon);
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
      decide(world, nothingRemembered, now),
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

  it('tells what a capture takes by the last run that made a point, and not by one that found nothing changed', () => {
    const replication = { lastDurationMillis: 4000, lastCaptureMillis: 4000 };
    const world = aWorld({ status: { replication } });
    const { offer, startedAt } = captured;
    const runs = [
      { kind: 'unchanged' as const, point: captured.point, asOf: noon, offer, startedAt, took: millis(18) },
      {
        kind: 'failed' as const,
        reason: 'CaptureFailed' as const,
        message: 'no',
        startedAt,
        took: millis(18),
      },
      captured,
    ];

    const seen = runs.map((capture) => {
      const decision = decide(world, nothingRemembered, now);
      return statusFor(world, decision, { ...nothingDone, capture }, noon).replication;
    });

    expect(seen.map((run) => run?.lastDurationMillis)).toEqual([18, 18, 2000]);
    expect(seen.map((run) => run?.lastCaptureMillis)).toEqual([4000, 4000, 2000]);
  });

  it('says why older points are still there, though the capture succeeded', () => {
    const world = aWorld();
    const offer = { points: [summary], problem: 'older points are not removed: access denied' };
    const capture = { ...captured, offer };
    const status = statusFor(world, decide(world, nothingRemembered, now), { ...nothingDone, capture }, noon);
    expect(status.replication).toMatchObject({
      lastResult: 'Succeeded',
      lastMessage: expect.stringMatching(
        /captured and verified; older points are not removed: access denied$/,
      ),
    });
  });

  it('tells what could not be seen of the point when it was proven, before what the point itself warns of', () => {
    const world = aWorld();
    const warned = { ...point, manifest: { ...point.manifest, warnings: ['a doubt'] } };
    const capture = { ...captured, point: warned, warnings: ['no volume was made of its snapshots'] };
    const status = statusFor(world, decide(world, nothingRemembered, now), { ...nothingDone, capture }, noon);
    expect(status.graph?.warnings).toEqual(['no volume was made of its snapshots', 'a doubt']);
  });

  it('lists as many points as the schema takes, verified ones before others', () => {
    const others = Array.from({ length: 150 }, (_, index) => ({
      ...summary,
      name: `p${index}`,
      digest: `d${index}`,
    }));
    const known = others.slice(-50).map((one) => ({ ...one, verifiedAt: '2026-03-01T11:00:00Z' }));
    const world = aWorld({ status: { recoveryPoints: known } });
    const capture = { ...captured, offer: { points: [summary, ...others] } };
    const status = statusFor(world, decide(world, nothingRemembered, now), { ...nothingDone, capture }, noon);
    const listed = (status.recoveryPoints ?? []).map(({ name }) => name);
    expect(listed).toHaveLength(100);
    expect(listed[0]).toBe(summary.name);
    expect(listed).toEqual(expect.arrayContaining(known.map(({ name }) => name)));
  });

  it('says which claims would come back empty', () => {
    const world = aWorld();
    const status = statusFor(
      world,
      decide(world, nothingRemembered, now),
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
    const status = statusFor(world, decide(world, nothingRemembered, now), nothingDone, noon);
    expect(status.phase).toBe('AtRisk');
    expect(status.recoveryPoint).toEqual(old);
  });

  describe('after the recovery region was changed', () => {
    const there = {
      name: 'p2',
      capturedAt: '2026-03-01T11:59:40Z',
      verifiedAt: '2026-03-01T11:59:41Z',
      objects: 1,
      bytes: 1,
      digest: 'd2',
      claimsWithData: 1,
      dataRegion: 'eu-north',
    };
    const bare = { ...there, name: 'p1', digest: 'd1', claimsWithData: 0, dataRegion: undefined };
    const south = { ...shopSpec, recovery: { region: 'eu-south' } };
    const statusIn = (spec: object, ...recoveryPoints: (typeof there | typeof bare)[]) => {
      const [recoveryPoint] = recoveryPoints;
      const world = aWorld({
        spec,
        status: { recoveryPoint, recoveryPoints, acceptedSpec: shopSpec },
        regions: new Map(['eu-west', 'eu-north', 'eu-south'].map((name) => [name, aRegion(`${name}-1`)])),
      });
      return statusFor(world, decide(world, nothingRemembered, now), nothingDone, noon);
    };

    it('is not Protected by a point of which another region has the data, and says which', () => {
      const status = statusIn(south, there);

      const message = expect.stringMatching(/eu-south.*p2 is in eu-north/);
      expect(findCondition(status.conditions ?? [], 'Protected')).toMatchObject({
        status: 'False',
        reason: 'NoRecoveryPoint',
        message,
      });
      expect(findCondition(status.conditions ?? [], 'VolumeDataProtected')).toMatchObject({
        status: 'False',
        reason: 'VolumeDataNotCopied',
        message,
      });
      expect(status.recoveryPoint).toBeUndefined();
      expect(status.recoveryPoints).toEqual([there]);
    });

    it('is Protected by an older point of objects only', () => {
      const status = statusIn(south, there, bare);

      expect(status).toMatchObject({ phase: 'Protected', recoveryPoint: { name: 'p1' } });
    });

    it('is Protected by the same point again when the region is set back', () => {
      expect(statusIn(shopSpec, there)).toMatchObject({ phase: 'Protected', recoveryPoint: { name: 'p2' } });
    });
  });

  it('takes up what is told of the data of a point that an earlier version has listed', () => {
    const { name, capturedAt, digest } = summary;
    const known = { name, capturedAt, objects: 1, bytes: 100, digest, verifiedAt: '2026-03-01T11:59:55Z' };
    const world = aWorld({ status: { recoveryPoints: [known] } });
    const offer = { points: [{ ...summary, claimsWithData: 1, dataRegion: 'eu-north' }] };
    const capture = { ...captured, kind: 'unchanged' as const, asOf: noon, offer };

    const status = statusFor(world, decide(world, nothingRemembered, now), { ...nothingDone, capture }, noon);

    expect(status.recoveryPoints).toEqual([
      { ...known, claimsWithData: 1, dataRegion: 'eu-north', confirmedAt: '2026-03-01T12:00:00.000Z' },
    ]);
  });

  it('keeps what was listed of points that the store has lost, and lists them as before when they are back', () => {
    const { offer: _, ...run } = captured;
    const verifiedAt = '2026-03-01T11:00:01Z';
    const confirmedAt = '2026-03-01T11:00:00Z';
    const lost = { ...summary, name: 'p0', digest: 'd0', verifiedAt, confirmedAt };
    const bare = { ...summary, name: 'p0', digest: 'd0' };
    const after = (status: DRScenarioStatus, offer: Offer | undefined): DRScenarioStatus => {
      const world = aWorld({ status });
      const capture = offer === undefined ? undefined : { ...run, offer };
      return statusFor(world, decide(world, nothingRemembered, now), { ...nothingDone, capture }, noon);
    };

    const first = after(
      { recoveryPoints: [lost], recoveryPoint: lost },
      { points: [summary], missing: ['p0'] },
    );
    const later = after(after(first, undefined), { points: [summary], missing: ['p0'] });
    const back = after(later, { points: [summary, bare] });

    for (const status of [first, later]) {
      expect(status.missingPoints).toEqual([lost]);
      expect(status.recoveryPoints?.map(({ name }) => name)).toEqual([summary.name]);
    }
    expect(back.missingPoints).toBeUndefined();
    expect(back.recoveryPoints).toContainEqual(lost);
  });

  it('is not Protected by a point that the store has lost', () => {
    const lost = { ...summary, name: 'p0', digest: 'd0', verifiedAt: '2026-03-01T11:59:59Z' };
    const world = aWorld({ status: { recoveryPoints: [lost], recoveryPoint: lost } });
    const capture = {
      kind: 'failed' as const,
      reason: 'VerificationFailed' as const,
      message: 'not proven',
      offer: { points: [summary], missing: ['p0'] },
      startedAt: 0 as Tick,
      took: millis(10),
    };

    const status = statusFor(world, decide(world, nothingRemembered, now), { ...nothingDone, capture }, noon);

    expect(status.recoveryPoint).toBeUndefined();
    expect(findCondition(status.conditions ?? [], 'Protected')?.status).toBe('False');
  });

  describe('of a point that a clock has dated ahead', () => {
    const ahead = {
      name: 'ahead',
      capturedAt: '2026-03-01T12:30:00.000Z',
      verifiedAt: '2026-03-01T12:30:01.000Z',
      confirmedAt: '2026-03-01T12:30:00.000Z',
      objects: 1,
      bytes: 1,
      digest: 'sha256:ahead',
    };
    const status = { recoveryPoint: ahead, recoveryPoints: [ahead], acceptedSpec: shopSpec };
    const statusAfter = (capture: Parameters<typeof statusFor>[2]['capture'], counted: object = {}) => {
      const newest = { ...ahead, ...counted };
      const world = aWorld({ status: { ...status, recoveryPoint: newest, recoveryPoints: [newest] } });
      return statusFor(world, decide(world, nothingRemembered, now), { ...nothingDone, capture }, noon);
    };

    it('is not Protected, since nobody knows how old the point is', () => {
      const { phase, conditions = [] } = statusAfter(undefined);
      expect(phase).toBe('AtRisk');
      expect(findCondition(conditions, 'Protected')).toMatchObject({
        status: 'Unknown',
        reason: 'RecoveryPointAhead',
        message: expect.stringContaining("recovery point, ahead, is ahead of the operator's clock"),
      });
    });

    it('is Protected again by the next point, which counts as the newest', () => {
      const next = { ...summary, sequence: 2 };
      const known = { ...ahead, sequence: 1 };
      // In any order: that of the list is not relied upon.
      const after = statusAfter({ ...captured, offer: { points: [known, next] } }, { sequence: 1 });
      expect(after).toMatchObject({ phase: 'Protected', recoveryPoint: { name: 'dr-shop-1', sequence: 2 } });
    });

    it('is Protected again as soon as the source is found to be still the same', () => {
      const { name, digest, capturedAt } = ahead;
      const after = statusAfter({
        kind: 'unchanged',
        point: { manifest: { ...manifest, name, capturedAt }, digest },
        asOf: instant(noon - 1000),
        offer: { points: [ahead] },
        startedAt: 0 as Tick,
        took: millis(20),
      });
      expect(after).toMatchObject({
        phase: 'Protected',
        recoveryPoint: { name: 'ahead', confirmedAt: '2026-03-01T11:59:59.000Z' },
      });
    });
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
      decide(world, nothingRemembered, now),
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

  it('tells when a capture that is under way started', () => {
    const world = aWorld();
    const running = { kind: 'running' as const, since: instant(noon - 1000) };
    const status = statusFor(
      world,
      decide(world, nothingRemembered, now),
      { ...nothingDone, replication: running },
      noon,
    );
    expect(status.replication).toEqual({ lastStartedAt: '2026-03-01T11:59:59.000Z' });
  });

  it('tells what a capture that is due waits for', () => {
    const world = aWorld();
    const waiting = { kind: 'waiting' as const, ahead: 3 };
    const status = statusFor(
      world,
      decide(world, nothingRemembered, now),
      { ...nothingDone, replication: waiting },
      noon,
    );
    expect(status.replication?.nextReason).toContain('3 captures of the same region go first');
  });

  it('tells when the next capture is planned, and why then', () => {
    const world = aWorld();
    const memory = afterAttempt(
      nothingRemembered,
      { kind: 'succeeded', startedAt: 0 as Tick, took: millis(0) },
      0 as Tick,
    );
    const status = statusFor(world, decide(world, memory, now), nothingDone, noon);
    expect(status.replication?.nextReason).toContain('holds with time for one retry');
    expect(Date.parse(status.replication?.nextAt ?? '')).toBeGreaterThan(noon);
  });

  it('keeps the time of transition while the status of a condition stays the same', () => {
    const world = aWorld();
    const first = statusFor(
      world,
      decide(world, nothingRemembered, now),
      { ...nothingDone, capture: captured },
      noon,
    );
    const later = instant(noon + 10_000);
    const next = aWorld({ status: first });
    const second = statusFor(next, decide(next, nothingRemembered, now), nothingDone, later);
    expect(findCondition(second.conditions ?? [], 'Protected')?.lastTransitionTime).toBe(
      '2026-03-01T12:00:00.000Z',
    );
  });

  describe('of which nothing has changed in the source', () => {
    const protectedStatus = () => {
      const world = aWorld();
      return statusFor(
        world,
        decide(world, nothingRemembered, now),
        { ...nothingDone, capture: captured },
        noon,
      );
    };
    const later = instant(noon + 60 * 60_000);
    const unchanged = {
      kind: 'unchanged' as const,
      point,
      asOf: instant(later - 30_000),
      offer: { points: [summary] },
      startedAt: 0 as Tick,
      took: millis(20),
    };
    const statusAfter = (capture: typeof unchanged) => {
      const world = aWorld({ status: protectedStatus() });
      return statusFor(world, decide(world, nothingRemembered, now), { ...nothingDone, capture }, later);
    };

    it('has the same point, confirmed as of the look, and is Protected by it however old it is', () => {
      const status = statusAfter(unchanged);
      expect(status.phase).toBe('Protected');
      expect(status.recoveryPoint).toEqual({
        ...protectedStatus().recoveryPoint,
        confirmedAt: '2026-03-01T12:59:30.000Z',
      });
      expect(status.replication).toMatchObject({ lastResult: 'Succeeded', consecutiveFailures: 0 });
      expect(findCondition(status.conditions ?? [], 'Replicated')?.message).toContain('nothing has changed');
      expect(status.graph).toEqual(protectedStatus().graph);
    });

    it('confirms no other point, also none that has taken over its name', () => {
      const other = { ...unchanged, point: { manifest, digest: 'sha256:other' } };
      expect(statusAfter(other).recoveryPoint).toEqual(protectedStatus().recoveryPoint);
    });

    it('is never confirmed backwards', () => {
      const early = { ...unchanged, asOf: instant(noon - 60 * 60_000) };
      expect(statusAfter(early).recoveryPoint?.confirmedAt).toBe('2026-03-01T11:59:50.000Z');
    });

    it('is at risk again when it was last confirmed longer ago than the RPO', () => {
      const world = aWorld({ status: protectedStatus() });
      const status = statusFor(world, decide(world, nothingRemembered, now), nothingDone, later);
      expect(status.phase).toBe('AtRisk');
    });
  });
});
