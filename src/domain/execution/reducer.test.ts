import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { StepStatus } from '../../api/v1alpha1/dr-execution.ts';
import { instant, millis, minutes } from '../time.ts';
import { planSteps, restoreStepId, subjectOf } from './plan.ts';
import { effectsOf, type Observation, outcomeOf, pauseBefore, reduce } from './reducer.ts';
import { manifestOf } from './testing/manifest.ts';

const limits = { step: minutes(5), dns: minutes(2) };
const now = instant(1_000_000);

function planned(
  units: readonly string[],
  edges: readonly (readonly [string, string])[],
  names: readonly string[] = [],
) {
  const result = planSteps(manifestOf({ units, edges }), names);
  if (result.kind !== 'planned') throw new Error(result.message);
  return result.steps;
}

function pass(
  steps: readonly StepStatus[],
  observations: Readonly<Record<string, Observation>> = {},
  ages: Readonly<Record<string, number>> = {},
) {
  return reduce(steps, {
    observations: new Map(Object.entries(observations)),
    ages: new Map(Object.entries(ages).map(([id, age]) => [id, millis(age)])),
    limits,
    now,
  });
}

const phases = (steps: readonly StepStatus[]) =>
  Object.fromEntries(steps.map(({ id, phase }) => [id, phase]));
const done: Observation = { kind: 'done', message: 'ready' };

describe('an execution', () => {
  test('starts with prepare alone', () => {
    const steps = pass(planned(['a', 'b'], []));
    expect(effectsOf(steps).map((effect) => effect.step.id)).toEqual(['prepare']);
  });

  test('restores independent units at the same time and a dependant only after them', () => {
    const prepared = pass(pass(planned(['a', 'b', 'c'], [['c', 'a']])), { prepare: done });
    expect(phases(prepared)).toMatchObject({
      'restore/a': 'Running',
      'restore/b': 'Running',
      'restore/c': 'Pending',
    });
    expect(phases(pass(prepared, { 'restore/a': done }))).toMatchObject({ 'restore/c': 'Running' });
  });

  test('goes on with independent units when one fails, and skips what needs the failed one', () => {
    const prepared = pass(pass(planned(['a', 'b', 'c'], [['c', 'a']], ['shop.test'])), { prepare: done });
    const steps = pass(prepared, { 'restore/a': { kind: 'failed', message: 'no' }, 'restore/b': done });
    expect(phases(steps)).toEqual({
      prepare: 'Succeeded',
      'restore/a': 'Failed',
      'restore/b': 'Succeeded',
      'restore/c': 'Skipped',
      'dns/shop.test': 'Skipped',
      report: 'Skipped',
    });
    const outcome = outcomeOf(steps);
    expect(outcome).toMatchObject({ kind: 'failed' });
    expect(outcome.kind === 'failed' && outcome.message).toContain('restore/a (no)');
    expect(steps.find(({ id }) => id === 'restore/c')?.message).toContain('restore/a, which failed');
  });

  test('switches names only when every unit is ready', () => {
    const prepared = pass(pass(planned(['a', 'b'], [], ['shop.test'])), { prepare: done });
    const half = pass(prepared, { 'restore/a': done });
    expect(phases(half)['dns/shop.test']).toBe('Pending');
    expect(phases(pass(half, { 'restore/b': done }))['dns/shop.test']).toBe('Running');
  });

  test('fails a step whose time is up, showing what stood in its way', () => {
    const prepared = pass(pass(planned(['a'], [])), { prepare: done });
    const blocked: Observation = { kind: 'blocked', message: 'quota exceeded' };
    const tried = pass(prepared, { 'restore/a': blocked });
    const steps = pass(tried, { 'restore/a': blocked }, { 'restore/a': minutes(5) });
    const step = steps.find(({ id }) => id === 'restore/a');
    expect(step).toMatchObject({ phase: 'Failed', attempts: 2 });
    expect(step?.message).toBe('gave up after 5m: quota exceeded');
  });

  test('gives up on no step that was not looked at in the pass, for it may be done by now', () => {
    const prepared = pass(pass(planned(['a', 'b'], [])), { prepare: done });
    const applied = pass(prepared, { 'restore/b': { kind: 'applied', message: 'progressing' } });
    const ages = { 'restore/a': minutes(6), 'restore/b': minutes(6) };
    const steps = pass(applied, {}, ages);
    expect(phases(steps)).toMatchObject({ 'restore/a': 'Running', 'restore/b': 'Running' });
    expect(phases(pass(steps, { 'restore/a': done, 'restore/b': done }, ages))).toMatchObject({
      'restore/a': 'Succeeded',
      'restore/b': 'Succeeded',
    });
  });

  test('counts attempts until a unit is applied, and looks at it from then on', () => {
    let steps = pass(pass(planned(['a'], [])), { prepare: done });
    steps = pass(steps, { 'restore/a': { kind: 'blocked', message: 'quota' } });
    steps = pass(steps, { 'restore/a': { kind: 'applied', message: 'progressing' } });
    steps = pass(steps, { 'restore/a': { kind: 'waiting', message: 'progressing' } });
    expect(effectsOf(steps)).toMatchObject([{ kind: 'await-ready', unit: 'a', step: { attempts: 2 } }]);
  });

  test('keeps what could not be kept of its objects while it waits for them, and counts what is too much', () => {
    const prepared = pass(pass(planned(['a'], [])), { prepare: done });
    const notes = Array.from(
      { length: 20 },
      (_, index) => `Service/shop/web-${index}: its node port is another`,
    );
    const applied = pass(prepared, { 'restore/a': { kind: 'applied', message: 'progressing', notes } });
    const steps = pass(pass(applied, { 'restore/a': { kind: 'waiting', message: 'x' } }), {
      'restore/a': done,
    });
    const step = steps.find(({ id }) => id === 'restore/a');
    expect(step).toMatchObject({ phase: 'Succeeded', message: 'ready' });
    expect(step?.notes).toEqual([...notes.slice(0, 7), 'and 13 more']);
  });

  test('waits longer after each failed attempt, but never more than ten seconds', () => {
    const pauses = [0, 1, 2, 3, 30].map((attempts) =>
      pauseBefore({
        kind: 'apply',
        unit: 'a',
        step: { id: 'restore/a', kind: 'Restore', phase: 'Running', attempts },
      }),
    );
    expect(pauses).toEqual([500, 500, 1000, 2000, 10_000]);
  });
});

/** How one step behaves in the simulated world, and where the operator is killed. */
interface Behaviour {
  readonly blocked: number;
  readonly waits: number;
  readonly fails: boolean;
}
type Crash = 'none' | 'before-effects' | 'between-effects' | 'before-publish' | 'after-publish';

const behaviour: fc.Arbitrary<Behaviour> = fc.record({
  blocked: fc.nat(2),
  waits: fc.nat(2),
  fails: fc.boolean(),
});
const crash: fc.Arbitrary<Crash> = fc.constantFrom(
  'none',
  'before-effects',
  'between-effects',
  'before-publish',
  'after-publish',
);
const dag = fc.integer({ min: 0, max: 7 }).chain((size) => {
  const units = Array.from({ length: size }, (_, index) => `u${index}`);
  const pairs = units.flatMap((from, index) => units.slice(0, index).map((to) => [from, to] as const));
  return fc.record({ units: fc.constant(units), edges: fc.subarray(pairs) });
});

/** A recovery cluster in which effects are idempotent, as the real ones are. */
class World {
  readonly applied = new Set<string>();
  readonly ready = new Set<string>();
  private readonly tries = new Map<string, number>();
  private readonly behaviours: (id: string) => Behaviour;

  constructor(behaviours: (id: string) => Behaviour) {
    this.behaviours = behaviours;
  }

  perform(id: string, wasApplied: boolean): Observation {
    const { blocked, waits, fails } = this.behaviours(id);
    const tries = (this.tries.get(id) ?? 0) + 1;
    this.tries.set(id, tries);
    if (tries <= blocked) return { kind: 'blocked', message: 'blocked' };
    if (fails) return { kind: 'failed', message: 'hopeless' };
    this.applied.add(id);
    if (tries <= blocked + waits) return { kind: wasApplied ? 'waiting' : 'applied', message: 'progressing' };
    this.ready.add(id);
    return done;
  }
}

/** Runs the controller's loop over the world until the execution ends; a crash loses all but the published journal. */
function simulate(
  published: readonly StepStatus[],
  world: World,
  crashes: readonly Crash[],
  beforeEffect: (step: StepStatus) => void,
) {
  let journal = published;
  for (let index = 0; index < 500; index++) {
    const at = crashes[index] ?? 'none';
    const effects = effectsOf(journal);
    const seen: [string, Observation][] = [];
    const killedAfter =
      at === 'before-effects' ? 0 : at === 'between-effects' ? Math.ceil(effects.length / 2) : Infinity;
    for (const { step } of effects.slice(0, killedAfter)) {
      beforeEffect(step);
      seen.push([step.id, world.perform(step.id, step.appliedAt !== undefined)]);
    }
    if (at === 'none' || at === 'after-publish') {
      journal = pass(journal, Object.fromEntries(seen));
      if (outcomeOf(journal).kind !== 'unfinished') return { journal, passes: index };
    }
  }
  throw new Error('the execution does not end');
}

describe('for any graph, any obstacles and any crashes', () => {
  const inputs = fc.record({
    graph: dag,
    names: fc.subarray(['a.test', 'b.test']),
    behaviours: fc.array(behaviour, { minLength: 12, maxLength: 12 }),
    mayFail: fc.boolean(),
    crashes: fc.array(crash, { maxLength: 30 }),
  });

  test('an execution ends, starts nothing before its needs are ready, and accounts for every step', () => {
    fc.assert(
      fc.property(inputs, ({ graph, names, behaviours, mayFail, crashes }) => {
        const steps = planned(graph.units, graph.edges, names);
        const order = new Map(steps.map(({ id }, index) => [id, index]));
        const behaves = (id: string): Behaviour => {
          const found = behaviours[(order.get(id) ?? 0) % behaviours.length];
          if (found === undefined || id === 'report') return { blocked: 0, waits: 0, fails: false };
          return { ...found, fails: mayFail && found.fails };
        };
        const world = new World(behaves);
        const restores = graph.units.map(restoreStepId);
        const needs = (step: StepStatus): readonly string[] => {
          if (step.kind === 'Prepare') return [];
          if (step.kind === 'Report') return steps.map(({ id }) => id).filter((id) => id !== 'report');
          if (step.kind === 'DNS') return ['prepare', ...restores];
          const own = graph.edges
            .filter(([from]) => from === subjectOf(step))
            .map(([, to]) => restoreStepId(to));
          return ['prepare', ...own];
        };
        const { journal } = simulate(pass(steps), world, crashes, (step) => {
          for (const need of needs(step))
            expect(world.ready.has(need), `${step.id} before ${need}`).toBe(true);
        });

        const ended = journal.map((step) => ({
          id: step.id,
          phase: step.phase,
          ready: world.ready.has(step.id),
          touched: world.applied.has(step.id),
          explained: step.message !== undefined && step.message !== '',
        }));
        const expected = journal.map((step) => {
          const lost = needs(step).some((need) => phases(journal)[need] !== 'Succeeded');
          const phase = lost ? 'Skipped' : behaves(step.id).fails ? 'Failed' : 'Succeeded';
          const ready = phase === 'Succeeded';
          return { id: step.id, phase, ready, touched: ready, explained: true };
        });
        expect(ended).toEqual(expected);
        const failed = journal.some(({ phase }) => phase === 'Failed');
        expect(outcomeOf(journal).kind).toBe(failed ? 'failed' : 'succeeded');
      }),
      { numRuns: 300 },
    );
  });

  test('a step that never gets on ends when its time is up', () => {
    fc.assert(
      fc.property(
        dag,
        fc.constantFrom<Observation['kind']>('blocked', 'waiting', 'applied'),
        (graph, kind) => {
          let steps = pass(planned(graph.units, graph.edges, ['a.test']));
          for (let round = 0; round < 2; round++) {
            const running = effectsOf(steps).map(({ step }) => step.id);
            const stuck = Object.fromEntries(running.map((id) => [id, { kind, message: 'stuck' }]));
            steps = pass(steps, stuck, Object.fromEntries(running.map((id) => [id, limits.step])));
          }
          expect(outcomeOf(steps).kind).toBe('failed');
        },
      ),
    );
  });
});
