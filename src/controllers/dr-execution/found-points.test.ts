import { expect, it } from 'vitest';
import { emptyMemory } from './deps.ts';
import { withFoundPoints } from './found-points.ts';
import type { AdmissionWorld } from './gather.ts';
import { clockOf, depsOf, scenarioSpec, worldOf } from './testing/world.ts';

const { execution } = worldOf([]);
const region = { verdict: 'Healthy', since: undefined, message: '' } as const;
const admission: AdmissionWorld = {
  scenarioUid: 'uid-1',
  names: [],
  facts: {
    spec: execution.spec,
    automatic: false,
    scenario: { acceptedSpec: scenarioSpec, activeRegion: 'eu-west', points: [] },
    running: [],
    source: region,
    recovery: region,
    now: clockOf().now(),
  },
};

it('takes a name that no store can hold for one that does not exist, and asks no store for a backup of it', async () => {
  const asking = { ...execution, spec: { ...execution.spec, recoveryPoint: '2026-11-23T13:05:59Z' } };
  const importBackup = (): never => {
    throw new Error('no backup was to be asked for');
  };

  const { signal } = new AbortController();
  const answer = await withFoundPoints(admission, asking, emptyMemory(), depsOf({ importBackup }), signal);

  expect(answer).toMatchObject({ kind: 'facts', facts: { scenario: { found: [] } } });
});
