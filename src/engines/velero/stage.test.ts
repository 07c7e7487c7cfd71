import { expect, test } from 'vitest';
import type { KubeObject } from '../../api/object.ts';
import { minutes } from '../../domain/time.ts';
import { describeStage, isEnd, patience, stageOf } from './stage.ts';

const withStatus = (status: object, kind = 'Backup'): KubeObject => ({
  apiVersion: 'velero.io/v1',
  kind,
  metadata: { name: 'b' },
  status,
});

test.each([
  [{}, 'untaken'],
  [{ phase: 'New' }, 'untaken'],
  [{ phase: 'Queued', queuePosition: 2 }, 'queued'],
  [{ phase: 'ReadyToStart' }, 'queued'],
  [{ phase: 'InProgress' }, 'running'],
  [{ phase: 'WaitingForPluginOperations' }, 'running'],
  [{ phase: 'WaitingForPluginOperationsPartiallyFailed' }, 'running'],
  [{ phase: 'Finalizing' }, 'running'],
  [{ phase: 'FinalizingPartiallyFailed' }, 'running'],
  [{ phase: 'Completed' }, 'completed'],
  [{ phase: 'PartiallyFailed' }, 'partially-failed'],
  [{ phase: 'Failed' }, 'failed'],
  [{ phase: 'FailedValidation' }, 'failed'],
  [{ phase: 'Deleting' }, 'failed'],
])('a status of %o is %s', (status, kind) => {
  expect(stageOf(withStatus(status)).kind).toBe(kind);
});

test('what Velero refuses is said with its reasons', () => {
  const refused = stageOf(
    withStatus({ phase: 'FailedValidation', validationErrors: ['no such location', 'bad filter'] }),
  );

  expect(describeStage(refused)).toContain('no such location; bad filter');
});

test('progress is told in objects, and in volumes once objects are done', () => {
  const objects = { phase: 'InProgress', progress: { itemsBackedUp: 12, totalItems: 40 } };
  const volumes = {
    phase: 'WaitingForPluginOperations',
    backupItemOperationsAttempted: 3,
    backupItemOperationsCompleted: 1,
  };
  const restored = {
    phase: 'WaitingForPluginOperations',
    restoreItemOperationsAttempted: 2,
    restoreItemOperationsFailed: 1,
  };

  expect(describeStage(stageOf(withStatus(objects)))).toBe('12 of 40 objects');
  expect(describeStage(stageOf(withStatus(volumes)))).toBe('1 of 3 volumes');
  expect(describeStage(stageOf(withStatus(restored, 'Restore')))).toBe('1 of 2 volumes');
});

test('only what Velero is done with is an end', () => {
  const phases = ['', 'Queued', 'InProgress', 'Completed', 'PartiallyFailed', 'Failed'];

  expect(phases.filter((phase) => isEnd(stageOf(withStatus({ phase }))))).toEqual([
    'Completed',
    'PartiallyFailed',
    'Failed',
  ]);
});

test('moving the data of volumes may take hours, an item no longer than its snapshot and some minutes', () => {
  const running = stageOf(withStatus({ phase: 'InProgress' }));
  const moving = stageOf(withStatus({ phase: 'WaitingForPluginOperations' }));

  expect(patience(running, minutes(20))).toBe(minutes(30));
  expect(patience(moving, minutes(5))).toBeGreaterThan(minutes(4 * 60));
  expect(patience(stageOf(withStatus({})), minutes(5))).toBe(minutes(1));
});
