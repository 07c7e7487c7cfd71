import { describe, expect, test } from 'vitest';
import { seconds, tick } from '../time.ts';
import { isolationSuspected, lookElsewhere, type Sighting } from './isolation.ts';

const sighting = (region: string, second: number, contact: boolean): Sighting => ({
  region,
  at: tick(second * 1000),
  contact,
  freshFor: seconds(15),
});
const now = tick(100_000);
const since = tick(90_000);
const own = sighting('west', 100, false);

describe('before a region is declared failed', () => {
  test('a sign of life elsewhere since the trouble began clears the observer', () => {
    const elsewhere = lookElsewhere(
      [own, sighting('north', 95, true), sighting('south', 95, false)],
      'west',
      since,
      now,
    );
    expect(elsewhere).toEqual({ kind: 'contact', region: 'north' });
    expect(isolationSuspected(own, elsewhere)).toBe(false);
  });

  test('a sign of life from before the trouble proves nothing', () => {
    const elsewhere = lookElsewhere([own, sighting('north', 89, true)], 'west', since, now);
    expect(elsewhere).toEqual({ kind: 'waiting', regions: ['north'] });
    expect(isolationSuspected(own, elsewhere)).toBe(false);
  });

  test('an old sign of life proves nothing', () => {
    const elsewhere = lookElsewhere([own, sighting('north', 84, true)], 'west', undefined, now);
    expect(elsewhere.kind).toBe('waiting');
  });

  test('when no region at all shows a sign of life, the observer is the likelier one to be lost', () => {
    const elsewhere = lookElsewhere(
      [own, sighting('north', 95, false), sighting('south', 98, false)],
      'west',
      since,
      now,
    );
    expect(elsewhere).toEqual({ kind: 'nothing', regions: ['north', 'south'] });
    expect(isolationSuspected(own, elsewhere)).toBe(true);
    expect(isolationSuspected(sighting('west', 100, true), elsewhere)).toBe(false);
  });

  test('with a single region the two cannot be told apart', () => {
    expect(lookElsewhere([own], 'west', since, now)).toEqual({ kind: 'alone' });
  });
});
