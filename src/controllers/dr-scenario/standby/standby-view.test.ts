import { describe, expect, it } from 'vitest';
import type { DRScenarioSpec } from '../../../api/v1alpha1/dr-scenario.ts';
import { nothingRemembered } from '../../../domain/protection/capture-memory.ts';
import { instant, type Tick } from '../../../domain/time.ts';
import type { StandbyReport } from '../../../engines/native/standby/report.ts';
import { decide } from '../decide.ts';
import { aWorld, shopSpec } from '../testing/world.ts';
import type { ScenarioWorld } from '../world.ts';
import { type StandbyAnswer, type StandbyMemory, standbyWishOf } from './standby.ts';
import { standbyView } from './standby-view.ts';

const now = { tick: 0 as Tick, instant: instant(Date.parse('2026-03-01T12:00:00Z')) };
const time = '2026-03-01T11:59:50Z';
const recoveryPoint = { name: 'p1', capturedAt: time, verifiedAt: time, objects: 3, bytes: 1, digest: 'd' };
const kept = {
  region: 'eu-north',
  point: 'p0',
  at: time,
  objects: 3,
  applied: 3,
  heldBack: 0,
  heldBackWhy: [],
  drifted: 0,
  pruned: 0,
  differences: [],
};

const specWith = (replication: Partial<DRScenarioSpec['replication']>): DRScenarioSpec => ({
  ...shopSpec,
  replication: { ...shopSpec.replication, ...replication },
});
const warm = specWith({ standby: 'Warm' });

function world(spec: DRScenarioSpec, status: object = { recoveryPoint }): ScenarioWorld {
  const base = aWorld();
  if (base.parsed.kind === 'invalid') throw new Error(base.parsed.message);
  return { ...base, parsed: { ...base.parsed, spec, status: { ...base.parsed.status, ...status } } };
}
const decided = (from: ScenarioWorld) => decide(from, nothingRemembered, now);
const wishOf = (from: ScenarioWorld) => standbyWishOf(from, decided(from), undefined);

function memoryOf(from: ScenarioWorld, answer: StandbyAnswer): StandbyMemory {
  const wish = wishOf(from);
  if (wish === undefined) throw new Error('nothing is wished');
  return { answer, wish, at: now.instant, tick: now.tick, kinds: undefined };
}

const report: StandbyReport = {
  objects: 3,
  applied: 2,
  heldBack: new Map([['it would run', 1]]),
  repaired: [],
  pruned: [],
  differences: [],
  collisions: [],
  inUse: [],
  kinds: new Set(),
};
const viewOf = (from: ScenarioWorld, changes: Partial<StandbyReport>) =>
  standbyView(
    from,
    decided(from),
    memoryOf(from, { kind: 'kept', point: 'p1', report: { ...report, ...changes } }),
  );

describe('the wish for a standby', () => {
  it('is there with a point, when it is asked for', () => {
    expect(wishOf(world(warm))).toMatchObject({ kind: 'keep', point: 'p1', region: 'eu-north' });
    expect(wishOf(world(warm, {}))).toBeUndefined();
    expect(wishOf(world(shopSpec))).toBeUndefined();
  });

  it('is for its end when it is asked for no more, or elsewhere, or by an engine that cannot start it', () => {
    const end = { kind: 'end', region: 'eu-north' };
    expect(wishOf(world(shopSpec, { recoveryPoint, standby: kept }))).toMatchObject(end);
    const velero = specWith({ standby: 'Warm', engine: 'velero' });
    expect(wishOf(world(velero, { recoveryPoint, standby: kept }))).toMatchObject(end);
    const elsewhere = { ...kept, region: 'eu-south' };
    expect(wishOf(world(warm, { recoveryPoint, standby: elsewhere }))).toMatchObject({
      kind: 'end',
      region: 'eu-south',
    });
  });

  it('is withdrawn when a failover is near, under way, or done', () => {
    const unreachable = new Map(world(warm).regions);
    const source = unreachable.get(warm.source.region);
    if (source === undefined) throw new Error('the test has no source');
    unreachable.set(warm.source.region, { ...source, verdict: 'Unreachable' });
    expect(wishOf({ ...world(warm), regions: unreachable })).toBeUndefined();
    const execution = {
      name: 'go',
      spec: { scenario: 'shop', kind: 'Failover' as const, recoveryPoint: 'latest', reason: '' },
      status: { phase: 'Running' as const },
    };
    expect(wishOf({ ...world(warm), executions: [execution] })).toBeUndefined();
    const moved = world(warm, { recoveryPoint, standby: kept, activeRegion: 'eu-north' });
    expect(wishOf(moved)).toBeUndefined();
    expect(standbyView(moved, decided(moved), undefined).status).toBeUndefined();
  });
});

describe('what is said of a standby', () => {
  it('counts what is held, and what is held back', () => {
    const { status, condition } = viewOf(world(warm), {});
    expect(status).toMatchObject({ point: 'p1', objects: 3, applied: 2, heldBack: 1, differences: [] });
    expect(condition).toMatchObject({ status: 'True', reason: 'StandbyApplied' });
    expect(condition?.message).toContain('1 are created by a failover only');
  });

  it.each([
    ['StandbyCollision', { collisions: [{ object: 'Secret/shop/db', message: 'is not ours' }] }],
    ['StandbyInUse', { inUse: ['Secret/shop/db'] }],
    ['StandbyIncomplete', { differences: [{ object: 'Secret/shop/db', message: 'was refused' }] }],
  ])('%s names the object', (reason, changes) => {
    const { condition } = viewOf(world(warm), changes);
    expect(condition).toMatchObject({ status: 'False', reason });
    expect(condition?.message).toContain('Secret/shop/db');
  });

  it('lists sixteen differences at most', () => {
    const differences = Array.from({ length: 40 }, (_, index) => ({ object: `o${index}`, message: 'm' }));
    expect(viewOf(world(warm), { differences }).status?.differences.length).toBe(16);
  });

  it('stays as it was while it is not known, and says why', () => {
    const from = world(warm, { recoveryPoint, standby: kept });
    const memory = memoryOf(from, { kind: 'unknown', message: 'eu-north does not answer' });
    const { status, condition } = standbyView(from, decided(from), memory);
    expect(status).toEqual(kept);
    expect(condition).toMatchObject({ status: 'Unknown', reason: 'StandbyUnknown' });
  });

  it('is nothing for who never wanted one, and is gone once it was removed', () => {
    expect(standbyView(world(shopSpec), decided(world(shopSpec)), undefined)).toEqual({
      status: undefined,
      condition: undefined,
    });
    const from = world(shopSpec, { recoveryPoint, standby: kept });
    expect(standbyView(from, decided(from), undefined).status).toEqual(kept);
    const removal = { removed: ['Secret/shop/db'], problems: [] };
    expect(
      standbyView(from, decided(from), memoryOf(from, { kind: 'ended', removal })).status,
    ).toBeUndefined();
  });

  it('stays until it could be removed', () => {
    const from = world(shopSpec, { recoveryPoint, standby: kept });
    const problems = [{ object: 'Secret/shop/db', message: 'may not be deleted' }];
    const memory = memoryOf(from, { kind: 'ended', removal: { removed: [], problems } });
    const { status, condition } = standbyView(from, decided(from), memory);
    expect(status).toEqual(kept);
    expect(condition).toMatchObject({ status: 'False', reason: 'StandbyIncomplete' });
  });

  it('is refused for an engine that cannot start it', () => {
    const from = world(specWith({ standby: 'Warm', engine: 'velero' }));
    expect(standbyView(from, decided(from), undefined).condition?.reason).toBe('StandbyUnsupported');
  });
});
