import { expect, test } from 'vitest';
import { anObject } from '../../testing/objects.ts';
import { refusalAmong } from './provisioning.ts';

const warning = (message: string, reason = 'ProvisioningFailed') =>
  anObject('Event', 'antipode-system/why', { reason, message });
const failed = (why: string) => `failed to provision volume with StorageClass "fast": ${why}`;

test.each([
  'rpc error: code = NotFound desc = snapshot snap-1 does not exist',
  'rpc error: code = InvalidArgument desc = the key of the snapshot is not known here',
  'rpc error: code = AlreadyExists desc = a volume of this name already exists with another size',
  'rpc error: code = ResourceExhausted desc = no room in the pool',
])('no volume can be made after: %s', (why) => {
  expect(refusalAmong([warning(failed(why))])).toBe(failed(why));
});

test.each([
  'rpc error: code = DeadlineExceeded desc = context deadline exceeded',
  'rpc error: code = Aborted desc = an operation with the given Volume ID pvc-1 already exists',
  'rpc error: code = Internal desc = An operation for volume pvc-1 already exists',
  'rpc error: code = Internal desc = cloning of snap-1 is already in progress',
  'rpc error: code = Unavailable desc = error reading from server: EOF',
  'error getting handle for DataSource Type VolumeSnapshot by Name db: snapshot db is not Ready',
  'error getting handle for DataSource Type VolumeSnapshot by Name db: snapshot db not bound',
])('a volume may still be made after: %s', (why) => {
  expect(refusalAmong([warning(failed(why))])).toBeUndefined();
});

test('the last thing that is said by who makes the volume counts, whatever others warn of', () => {
  const [refused, goesOn] = [
    warning(failed('no such snapshot')),
    warning(failed('context deadline exceeded')),
  ];
  const policy = warning('it has no owner label', 'PolicyViolation');
  expect(refusalAmong([goesOn, refused, policy])).toBe(failed('no such snapshot'));
  expect(refusalAmong([refused, goesOn])).toBeUndefined();
  expect(refusalAmong([policy])).toBeUndefined();
  expect(refusalAmong([])).toBeUndefined();
});
