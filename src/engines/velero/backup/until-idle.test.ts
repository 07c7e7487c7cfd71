import { expect, test } from 'vitest';
import { SCENARIO_LABEL, scenarioLabel } from '../../../api/ownership.ts';
import { minutes, seconds } from '../../../domain/time.ts';
import { manualClock } from '../../../testing/manual-clock.ts';
import { anObject } from '../../../testing/objects.ts';
import { partialCluster } from '../../../testing/region.ts';
import { untilIdle } from './until-idle.ts';

const { signal } = new AbortController();
const type = {
  group: 'velero.io',
  version: 'v1',
  resource: 'backups',
  kind: 'Backup',
  namespaced: true,
  verbs: [],
};

const scenario = { namespace: 'dr', name: 'shop', uid: 'u1' };

/** @param phases of the backups that are there, at any time */
function waiting(phases: () => readonly string[], labels: Readonly<Record<string, string>> = {}) {
  const clock = manualClock();
  let state = 'waiting';
  const cluster = partialCluster('eu-west', {
    typeFor: async () => type,
    list: async () => ({
      items: phases().map((phase, index) =>
        anObject('Backup', `velero/b${index}`, {
          apiVersion: 'velero.io/v1',
          metadata: { labels },
          status: { phase },
        }),
      ),
      resourceVersion: '1',
    }),
  });
  const end = untilIdle(cluster, 'velero', scenario, clock, signal).then(
    () => {
      state = 'idle';
    },
    (error: unknown) => {
      state = String(error);
    },
  );
  return { clock, end, state: () => state };
}

test.each(['', 'New', 'Queued', 'ReadyToStart', 'InProgress'])(
  'a backup that is "%s" is waited for, and no longer',
  async (phase) => {
    let phases = ['Completed', phase];
    const { clock, end, state } = waiting(() => phases);
    await clock.advance(seconds(30));
    expect(state()).toBe('waiting');

    phases = ['Completed', 'Completed'];
    await clock.advance(seconds(2));
    await end;

    expect(state()).toBe('idle');
  },
);

test.each(['WaitingForPluginOperations', 'PartiallyFailed', 'Failed', 'Deleting'])(
  'a backup that is %s keeps nobody waiting',
  async (phase) => {
    const { end, state } = waiting(() => [phase]);
    await end;
    expect(state()).toBe('idle');
  },
);

test('a backup of the scenario itself keeps nobody waiting', async () => {
  const { end, state } = waiting(() => ['Queued'], { [SCENARIO_LABEL]: scenarioLabel(scenario) });
  await end;
  expect(state()).toBe('idle');
});

test('a Velero that is busy for an hour is told of with the backup it is at', async () => {
  const { clock, end, state } = waiting(() => ['InProgress']);
  await clock.advance(minutes(61));
  await end;
  expect(state()).toMatch(/eu-west has been busy with other backups for 60 minutes, now with velero\/b0/);
});
