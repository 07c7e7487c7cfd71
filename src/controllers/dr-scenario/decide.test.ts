import { describe, expect, it } from 'vitest';
import { afterAttempt, nothingRemembered } from '../../domain/protection/capture-memory.ts';
import { instant, millis, minutes, seconds, type Tick, tick } from '../../domain/time.ts';
import { type Decision, decide } from './decide.ts';
import { anExecution, aRegion, aWorld, shopSpec } from './testing/world.ts';

const now = { tick: 1_000_000 as Tick, instant: instant(Date.parse('2026-03-01T12:00:00Z')) };
const decideOn = (world: Parameters<typeof decide>[0], memory = nothingRemembered): Decision =>
  decide(world, memory, now);

describe('a scenario', () => {
  it('captures at once when this process has never captured it', () => {
    expect(decideOn(aWorld())).toMatchObject({
      acceptance: { kind: 'accepted' },
      activeRegion: 'eu-west',
      capture: { kind: 'now' },
    });
  });

  it('waits when a capture has just been made', () => {
    const memory = afterAttempt(
      nothingRemembered,
      { kind: 'succeeded', startedAt: now.tick, took: millis(0) },
      now.tick,
    );
    expect(decideOn(aWorld(), memory).capture).toMatchObject({ kind: 'wait' });
  });

  it('captures just before an exclusion window, waits while it lasts, and goes on when it ends', () => {
    const exclusionWindows = [{ from: '12:03', to: '13:00' }];
    const objectives = { rpo: '5m', rto: '10m' };
    const world = aWorld({ spec: { objectives, replication: { schedule: { exclusionWindows } } } });
    const at = (time: string, endedAt: string): Decision['capture'] => {
      const begin = now.instant;
      const since = (text: string): number => Date.parse(`2026-03-01T${text}Z`) - begin;
      const ended = tick(now.tick + since(endedAt));
      const took = seconds(10);
      const attempt = { kind: 'succeeded', startedAt: tick(ended - took), took } as const;
      const memory = afterAttempt(nothingRemembered, attempt, ended);
      const then = { tick: tick(now.tick + since(time)), instant: instant(begin + since(time)) };
      return decide(world, memory, then).capture;
    };

    const before = at('12:00:00', '12:00:00');
    expect(before).toMatchObject({ kind: 'wait', because: 'an exclusion window begins after it' });
    expect(before.kind === 'wait' && before.delay).toBeLessThanOrEqual(seconds(180 - 3 * 10));
    expect(at('12:02:40', '12:00:00')).toMatchObject({ kind: 'now' });
    const within = at('12:02:50', '12:02:50');
    expect(within).toMatchObject({ kind: 'wait', delay: seconds(57 * 60 + 10) });
    expect(within).toMatchObject({ because: 'an exclusion window ends then' });
    expect(at('12:30:00', '12:02:50')).toMatchObject({ kind: 'wait', delay: minutes(30) });
    expect(at('13:00:00', '12:02:50')).toMatchObject({ kind: 'now' });
  });

  it('keeps the last accepted spec in force when an edit names an unknown region', () => {
    const status = { acceptedSpec: shopSpec, acceptedGeneration: 1 };
    const decision = decideOn(aWorld({ spec: { recovery: { region: 'mars' } }, status }));
    expect(decision).toMatchObject({
      acceptance: { kind: 'rejected', reason: 'RegionNotFound' },
      acceptedGeneration: 1,
      inForce: { recovery: { region: 'eu-north' } },
      capture: { kind: 'now' },
    });
  });

  it('does nothing while no spec was ever accepted', () => {
    const decision = decideOn(aWorld({ spec: { recovery: { region: 'mars' } } }));
    expect(decision).toMatchObject({
      inForce: undefined,
      capture: { kind: 'held' },
      failover: { kind: 'manual' },
    });
  });

  it('does not capture while an execution runs', () => {
    const decision = decideOn(aWorld({ executions: [anExecution('x', { phase: 'Running' })] }));
    expect(decision.capture).toMatchObject({ kind: 'held', reason: 'ExecutionRunning' });
  });

  it('does not capture from a failed source', () => {
    const regions = new Map(aWorld().regions).set('eu-west', aRegion('eu-west-1', { verdict: 'Failed' }));
    expect(decideOn(aWorld({ regions })).capture).toMatchObject({ kind: 'held', reason: 'SourceFailed' });
  });

  it('still tries to capture from a source whose control plane was unreachable at the last look', () => {
    const regions = new Map(aWorld().regions).set(
      'eu-west',
      aRegion('eu-west-1', { verdict: 'Unreachable' }),
    );
    expect(decideOn(aWorld({ regions })).capture.kind).toBe('now');
  });

  describe('after a successful failover', () => {
    const plan = {
      scenarioUid: 'uid-1',
      sourceRegion: 'eu-west',
      recoveryRegion: 'eu-north',
      recoveryPoint: 'p',
      pointDigest: 'd',
      pointCapturedAt: '2026-03-01T11:59:00Z',
      storePath: '/points',
      stepTimeout: '5m',
      dnsTimeout: '2m',
    };

    it('is active in the recovery region and captures no more', () => {
      const done = anExecution('x', { phase: 'Succeeded', finishedAt: '2026-03-01T11:00:00Z', plan });
      const decision = decideOn(aWorld({ executions: [done] }));
      expect(decision).toMatchObject({
        activeRegion: 'eu-north',
        capture: { kind: 'held', reason: 'FailedOver' },
      });
    });

    it('stays there when the record of the execution has been deleted', () => {
      const decision = decideOn(aWorld({ status: { activeRegion: 'eu-north', acceptedSpec: shopSpec } }));
      expect(decision.activeRegion).toBe('eu-north');
    });

    it('is not moved by an execution of an earlier scenario of the same name', () => {
      const old = { ...plan, scenarioUid: 'uid-0' };
      const done = anExecution('x', { phase: 'Succeeded', finishedAt: '2026-03-01T11:00:00Z', plan: old });
      expect(decideOn(aWorld({ executions: [done] })).activeRegion).toBe('eu-west');
    });

    it('stays in the source region when the execution failed', () => {
      const failed = anExecution('x', { phase: 'Failed', finishedAt: '2026-03-01T11:00:00Z', plan });
      expect(decideOn(aWorld({ executions: [failed] })).activeRegion).toBe('eu-west');
    });
  });
});
