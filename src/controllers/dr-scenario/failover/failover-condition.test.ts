import { expect, test } from 'vitest';
import type { DRExecutionStatus } from '../../../api/v1alpha1/dr-execution.ts';
import { drScenarioSpec } from '../../../api/v1alpha1/dr-scenario.ts';
import { executionName } from '../../../domain/protection/automatic-failover.ts';
import { nothingRemembered } from '../../../domain/protection/capture-memory.ts';
import { instant, tick } from '../../../domain/time.ts';
import { failoverCondition } from '../conditions.ts';
import { decide } from '../decide.ts';
import { anExecution, aRegion, aWorld, shopSpec } from '../testing/world.ts';

const failedAt = instant(1_800_000_000_000);
const name = executionName('shop', failedAt);
const failover = { mode: 'Automatic', stepTimeout: '5m' } as const;
const acceptedSpec = drScenarioSpec.parse({ ...shopSpec, failover });

/** What the condition says while the source is failed and its automatic failover is so far. */
function conditionOf(status: DRExecutionStatus) {
  const source = aRegion('eu-west-1', { verdict: 'Failed', since: failedAt });
  const world = aWorld({
    spec: { failover },
    status: { acceptedSpec, activeRegion: 'eu-west' },
    regions: new Map([
      ['eu-west', source],
      ['eu-north', aRegion('eu-north-1')],
    ]),
    executions: [anExecution(name, status)],
  });
  return failoverCondition(decide(world, nothingRemembered, { tick: tick(0), instant: failedAt }));
}

test('an automatic failover is told with its phase, and with what it waits for', () => {
  expect(conditionOf({})).toMatchObject({ status: 'True', message: `DRExecution ${name} is Pending` });
  expect(conditionOf({ phase: 'Pending', message: 'eu-north is Unreachable' })).toMatchObject({
    status: 'True',
    reason: 'FailoverStarted',
    message: `DRExecution ${name} is Pending: eu-north is Unreachable`,
  });
  expect(conditionOf({ phase: 'Failed', message: '1 of 3 steps failed' })).toMatchObject({
    message: `DRExecution ${name} is Failed`,
  });
});

test('an automatic failover that was refused is not told as one that has started', () => {
  expect(conditionOf({ phase: 'Refused', message: 'refused (MaxDataLoss): too much' })).toMatchObject({
    status: 'False',
    reason: 'FailoverDenied',
    message: `DRExecution ${name} is Refused: refused (MaxDataLoss): too much`,
  });
});
