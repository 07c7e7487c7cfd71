import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Verdict } from '../../api/v1alpha1/region-health.ts';
import { seconds, type Tick, tick } from '../time.ts';
import { ageObservations, decideQuorum, type Observation, type ObserverAges } from './quorum.ts';

const staleAfter = seconds(15);
const at = (second: number): Tick => tick(second * 1000);
const seen = (observer: string, sequence: number, verdict: Verdict): Observation => ({
  observer,
  sequence,
  verdict,
  controlPlaneReachable: true,
  message: '',
});

/** Ages after a first sight at 0 s and a second one, with every sequence moved on, at 5 s. */
function moved(observations: readonly Observation[]): ObserverAges {
  const earlier = observations.map((one) => ({ ...one, sequence: one.sequence - 1 }));
  return ageObservations(ageObservations(new Map(), earlier, 'own', at(0)), observations, 'own', at(5));
}

describe('the verdict of several observers', () => {
  test('of a single observer is its own', () => {
    const one = [seen('own', 1, 'Failed')];
    const ages = ageObservations(new Map(), one, 'own', at(0));
    expect(decideQuorum(one, ages, { required: 1, staleAfter }, at(0))).toEqual({
      verdict: 'Failed',
      message: '',
    });
  });

  test('is Failed when enough of them freshly say so, and tells who said what', () => {
    const all = [seen('own', 5, 'Failed'), seen('b', 9, 'Failed'), seen('c', 2, 'Healthy')];
    expect(decideQuorum(all, moved(all), { required: 2, staleAfter }, at(10))).toEqual({
      verdict: 'Failed',
      message: 'own says Failed, b says Failed, c says Healthy; 2 of 3 must say Failed',
    });
  });

  test('is not Failed by a minority, even if the configuration asks for no more', () => {
    const all = [seen('own', 5, 'Failed'), seen('b', 9, 'Healthy'), seen('c', 2, 'Healthy')];
    expect(decideQuorum(all, moved(all), { required: 1, staleAfter }, at(10)).verdict).toBe('Healthy');
  });

  test('counts nothing that has not moved for long', () => {
    const all = [seen('own', 5, 'Failed'), seen('b', 9, 'Failed')];
    expect(decideQuorum(all, moved(all), { required: 2, staleAfter }, at(21))).toEqual({
      verdict: 'Unknown',
      message: 'own is silent, b is silent; 2 of 2 must say Failed',
    });
  });

  test('does not take the last words of a dead observer for news', () => {
    const all = [seen('own', 5, 'Failed'), seen('dead', 9, 'Failed')];
    const ages = ageObservations(new Map(), all, 'own', at(0));
    expect(decideQuorum(all, ages, { required: 2, staleAfter }, at(1)).verdict).toBe('Unknown');
  });

  test('takes a sequence that went back, as after an observer was rebuilt, as movement', () => {
    const first = ageObservations(new Map(), [seen('b', 9, 'Failed')], 'own', at(0));
    expect(ageObservations(first, [seen('b', 1, 'Failed')], 'own', at(5)).get('b')?.movedAt).toBe(5000);
  });

  test('is Unknown without a fresh majority', () => {
    const all = [seen('own', 5, 'Healthy'), seen('b', 9, 'Degraded'), seen('c', 2, 'Unreachable')];
    expect(decideQuorum(all, moved(all), { required: 2, staleAfter }, at(10)).verdict).toBe('Unknown');
  });

  test('never is Failed with fewer fresh voices than required or than a majority', () => {
    const verdicts = fc.constantFrom<Verdict>('Healthy', 'Degraded', 'Failed', 'Unreachable', 'Unknown');
    const observers = fc.array(fc.record({ verdict: verdicts, silent: fc.boolean() }), {
      minLength: 1,
      maxLength: 7,
    });
    fc.assert(
      fc.property(observers, fc.integer({ min: 1, max: 7 }), (voices, required) => {
        const all = voices.map(({ verdict }, index) => seen(`o${index}`, 1, verdict));
        const ages = new Map(
          voices.map(({ silent }, index) => [
            `o${index}`,
            { sequence: 1, movedAt: silent ? undefined : at(0) },
          ]),
        );
        const count = voices.filter(({ verdict, silent }) => verdict === 'Failed' && !silent).length;
        const { verdict } = decideQuorum(all, ages, { required, staleAfter }, at(1));
        expect(verdict === 'Failed').toBe(count >= required && count * 2 > voices.length);
      }),
    );
  });
});
