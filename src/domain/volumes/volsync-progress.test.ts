import { expect, test } from 'vitest';
import { minutes, tick } from '../time.ts';
import { syncBegun, syncGoesOn, syncOverdue } from './volsync-progress.ts';

const at = (minute: number) => tick(minutes(minute));
const waiting = (turn: 'origin' | 'destination', moving: boolean) =>
  ({ kind: 'waiting', turn, moving, problem: undefined }) as const;
const begun = syncBegun(at(0));

test('a sync that is not taken up is waited for as long as VolSync may take to begin', () => {
  const idle = waiting('origin', false);
  expect(syncOverdue(begun, idle, minutes(5), at(4))).toBeUndefined();
  expect(syncOverdue(begun, idle, minutes(5), at(5))).toEqual({ kind: 'idle' });
});

test('a sync that VolSync lets go of for a moment is not given up for the time that it took', () => {
  const going = syncGoesOn(begun, waiting('origin', true), true, at(60));
  const idle = waiting('origin', false);
  const letGo = syncGoesOn(going, idle, false, at(61));
  expect(syncOverdue(letGo, idle, minutes(5), at(61))).toBeUndefined();
  expect(syncOverdue(letGo, idle, minutes(5), at(65))).toEqual({ kind: 'idle' });
});

test('a sync without a mover is given up after half an hour, or after the time for snapshots when that is longer', () => {
  const going = waiting('origin', true);
  const since = syncGoesOn(begun, going, false, at(29));
  expect(syncOverdue(since, going, minutes(5), at(29))).toBeUndefined();
  expect(syncOverdue(since, going, minutes(5), at(30))).toEqual({ kind: 'stuck', after: minutes(30) });
  expect(syncOverdue(since, going, minutes(90), at(30))).toBeUndefined();
  expect(syncOverdue(since, going, minutes(90), at(90))).toEqual({ kind: 'stuck', after: minutes(90) });
});

test('an end has its time from when it is its turn', () => {
  const turned = syncGoesOn(begun, waiting('destination', true), false, at(300));
  expect(syncOverdue(turned, waiting('destination', true), minutes(5), at(329))).toBeUndefined();
  expect(syncOverdue(turned, waiting('destination', false), minutes(5), at(304))).toBeUndefined();
});
