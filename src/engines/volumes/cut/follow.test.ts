import { expect, test } from 'vitest';
import { type Millis, millis, seconds, tick } from '../../../domain/time.ts';
import { anObject } from '../../../testing/objects.ts';
import { follow } from './follow.ts';

test('a snapshot that is not there was deleted by somebody only if it ever was there', async () => {
  let now = 0;
  const clock = {
    tick: () => tick(now),
    sleep: async (delay: Millis) => {
      now += delay;
    },
  };
  const vanishing = anObject('VolumeSnapshot', 'shop/data');
  const look = async () => new Map(now === 0 ? [['seen', vanishing] as const] : []);
  const keys = ['seen', 'never'];
  const following = { look, keys, milestone: 'cut', since: tick(0), patience: millis(5000), clock } as const;

  const { problems } = await follow(following, new AbortController().signal);

  expect(problems.get('seen')).toBe('its snapshot was deleted by somebody; it is not there after 5s');
  expect(problems.get('never')).toContain('nobody has made a snapshot of it');
  expect(now).toBeGreaterThanOrEqual(seconds(5));
});
