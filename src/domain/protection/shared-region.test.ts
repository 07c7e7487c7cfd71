/** Hours of scenarios that share a source region, each planned and chosen as the operator does. */
import { describe, expect, it } from 'vitest';
import { between, type Millis, minutes, seconds, type Tick, tick } from '../time.ts';
import { afterAttempt, type CaptureMemory, nothingRemembered } from './capture-memory.ts';
import { chooseCaptures, claimOf, lengthOf } from './earliest-deadline.ts';
import { nextCapture } from './schedule.ts';

interface Scenario {
  readonly key: string;
  readonly rpo: Millis;
  readonly takes: Millis;
  readonly fails: boolean;
}

interface State {
  readonly scenario: Scenario;
  memory: CaptureMemory;
  startedAt: Tick | undefined;
  /** Of the newest point. */
  pointOf: Tick | undefined;
  points: number;
  /** Oldest that the newest point ever was, since there is one. */
  oldest: number;
}

const PER_REGION = 4;
const STEP = seconds(5);

/** In steps as coarse as the shortest capture allows. */
function simulate(scenarios: readonly Scenario[], lasting: Millis): ReadonlyMap<string, State> {
  const states = scenarios.map(
    (scenario): State => ({
      scenario,
      memory: nothingRemembered,
      startedAt: undefined,
      pointOf: undefined,
      points: 0,
      oldest: 0,
    }),
  );
  for (let now = tick(0); now <= lasting; now = tick(now + STEP)) {
    for (const state of states) end(state, now);
    start(states, now);
  }
  return new Map(states.map((state) => [state.scenario.key, state]));
}

function end(state: State, now: Tick): void {
  const { scenario, startedAt } = state;
  if (state.pointOf !== undefined) state.oldest = Math.max(state.oldest, between(state.pointOf, now));
  if (startedAt === undefined || between(startedAt, now) < scenario.takes) return;
  const kind = scenario.fails ? 'failed' : 'succeeded';
  state.memory = afterAttempt(state.memory, { kind, startedAt, took: between(startedAt, now) }, now);
  state.startedAt = undefined;
  if (scenario.fails) return;
  state.pointOf = startedAt;
  state.points += 1;
}

function start(states: readonly State[], now: Tick): void {
  const due = states.filter(
    ({ scenario, memory, startedAt }) =>
      startedAt === undefined && nextCapture({ ...memory, rpo: scenario.rpo, spread: 0, now }).delay === 0,
  );
  const requests = due.map(({ scenario: { key, rpo }, memory, pointOf }) => ({
    key,
    region: 'west',
    deadline: claimOf(memory, rpo, pointOf === undefined ? tick(0) : tick(pointOf + rpo)),
    length: lengthOf(memory.last?.took, memory.durations),
  }));
  const running = states.flatMap(({ memory, startedAt }) =>
    startedAt === undefined
      ? []
      : {
          region: 'west',
          length: lengthOf(memory.last?.took, memory.durations),
          lasted: between(startedAt, now),
        },
  );
  const chosen = new Set(chooseCaptures(requests, running, PER_REGION).start);
  for (const state of due) if (chosen.has(state.scenario.key)) state.startedAt = now;
}

const several = (count: number, name: string, scenario: Omit<Scenario, 'key'>): readonly Scenario[] =>
  Array.from({ length: count }, (_, index) => ({ ...scenario, key: `${name}-${index}` }));

const healthy = several(5, 'healthy', { rpo: minutes(5), takes: seconds(5), fails: false });

describe('healthy scenarios keep their RPO', () => {
  it.each([
    [
      'others that never get a point',
      several(5, 'broken', { rpo: minutes(1), takes: minutes(5), fails: true }),
    ],
    [
      'others that fail within a minute',
      several(8, 'broken', { rpo: minutes(1), takes: seconds(50), fails: true }),
    ],
    [
      'others that move data for an hour',
      several(4, 'mover', { rpo: minutes(240), takes: minutes(60), fails: false }),
    ],
    [
      'many that move data for an hour',
      several(15, 'mover', { rpo: minutes(240), takes: minutes(60), fails: false }),
    ],
  ])('beside %s in the same region', (_, others) => {
    const states = simulate([...others, ...healthy], minutes(6 * 60));

    for (const { key, rpo } of healthy) {
      expect(states.get(key)?.oldest).toBeLessThanOrEqual(rpo);
      expect(states.get(key)?.points).toBeGreaterThanOrEqual(70);
    }
  });
});

it('those that fail go on being tried, all of them', () => {
  const broken = several(10, 'broken', { rpo: minutes(1), takes: minutes(5), fails: true });
  const states = simulate([...broken, ...healthy], minutes(6 * 60));

  for (const { key } of broken)
    expect(states.get(key)?.memory.consecutiveFailures).toBeGreaterThanOrEqual(15);
});

it('captures that take long are made as often as their places allow', () => {
  const movers = several(8, 'mover', { rpo: minutes(240), takes: minutes(60), fails: false });
  const states = simulate([...movers, ...healthy], minutes(12 * 60));

  for (const { key } of movers) expect(states.get(key)?.points).toBeGreaterThanOrEqual(3);
});
