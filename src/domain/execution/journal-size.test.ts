import { describe, expect, test } from 'vitest';
import type { StepStatus } from '../../api/v1alpha1/dr-execution.ts';
import { fitsPlanned, withinSize } from './journal-size.ts';

const ETCD = 1.5 * 1024 * 1024;

const stepsOf = (count: number, idLength: number, changes: Partial<StepStatus> = {}): StepStatus[] =>
  Array.from({ length: count }, (_, index) => ({
    id: `restore/ConfigMap/shop/${String(index).padStart(idLength, '0')}`,
    kind: 'Restore',
    phase: 'Pending',
    needs: ['prepare', 'restore/Namespace/shop'],
    objects: 8,
    ...changes,
  }));

describe('a planned journal', () => {
  test('has room for 1,600 steps of ordinary names', () => {
    expect(fitsPlanned(stepsOf(1600, 20))).toBe(true);
  });

  test('has none for as many whose names are as long as can be', () => {
    expect(fitsPlanned(stepsOf(1600, 500))).toBe(false);
  });

  test('has none for steps that all wait for all before them', () => {
    const steps = stepsOf(1000, 20).map((step, index, all) => ({
      ...step,
      needs: all.slice(0, index).map(({ id }) => id),
    }));

    expect(fitsPlanned(steps)).toBe(false);
  });
});

describe('a journal that is written', () => {
  test('says all it has to say while there is room', () => {
    const status = { steps: stepsOf(3, 20, { message: 'm'.repeat(1024) }) };

    expect(withinSize(status)).toBe(status);
  });

  test('is written whatever its steps have to say, all of them shorter then', () => {
    const message = 'é'.repeat(1024);
    const status = { steps: stepsOf(1600, 20, { message, notes: Array.from({ length: 8 }, () => message) }) };

    const written = withinSize(status);

    expect(Buffer.byteLength(JSON.stringify(written))).toBeLessThan(ETCD);
    expect(written.steps).toHaveLength(1600);
    expect(written.steps?.[0]?.message).toMatch(/^é+…$/);
  });
});
