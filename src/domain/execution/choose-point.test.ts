import { describe, expect, test } from 'vitest';
import { type Choice, choosePoint, type FoundPoint, type PointFacts } from './choose-point.ts';

const point = (name: string, changes: Partial<PointFacts> = {}): PointFacts => ({
  name,
  capturedAt: `2026-01-01T00:0${name.slice(1)}:00Z`,
  digest: `sha256:${name}`,
  ...changes,
});
const verified = (name: string): PointFacts => point(name, { verifiedAt: '2026-01-01T01:00:00Z' });
const found = (name: string, changes: Partial<FoundPoint> = {}): FoundPoint => ({
  ...point(name),
  sourceRegion: 'eu-west',
  ...changes,
});
const lost = (name: string, objective: string) => found(name, { foreign: true, objective });
const choose = (
  recoveryPoint: string,
  listed: readonly PointFacts[],
  inStore: readonly FoundPoint[] | undefined,
): Choice => {
  const regions = { sourceRegion: 'eu-west', recoveryRegion: 'eu-north' };
  return choosePoint({ scenario: 'shop', recoveryPoint, ...regions }, listed, inStore);
};
const chosen = (name: string, unproven: object) => ({ kind: 'chosen', point: { name, unproven } });
const none = (message: RegExp) => ({ kind: 'none', message: expect.stringMatching(message) });

describe('without a verified point', () => {
  test('the newest of the store is taken, and is known not to be proven', () => {
    expect(choose('latest', [], [found('p1'), found('p2')])).toMatchObject(chosen('p2', {}));
    expect(choose('latest', [point('p3')], [found('p1'), found('p3')])).toMatchObject(chosen('p3', {}));
  });

  test('the newest that an objective cluster has left which was lost is taken, and is known to be of it', () => {
    const choice = choose('latest', [], [lost('p1', 'uid-a'), lost('p2', 'uid-a')]);

    expect(choice).toMatchObject(chosen('p2', { foreign: true, objective: 'uid-a' }));
  });

  test('one that our own objective cluster has made goes before those of another', () => {
    expect(choose('latest', [], [found('p1'), lost('p2', 'uid-a')])).toMatchObject(chosen('p1', {}));
  });

  test('a person is to say which, when several other objective clusters have made points', () => {
    const choice = choose('latest', [], [lost('p1', 'uid-a'), lost('p2', 'uid-b')]);

    expect(choice).toEqual(none(/several objective clusters: name one .*: p2, p1$/));
    expect(choose('p1', [], [lost('p1', 'uid-a'), lost('p2', 'uid-b')])).toMatchObject(
      chosen('p1', { foreign: true, objective: 'uid-a' }),
    );
  });

  test('one of another source is taken by its name alone, as it may be of another application', () => {
    const other = found('p1', { sourceRegion: 'us-east' });

    expect(choose('latest', [], [other])).toEqual(none(/naming it in spec\.recoveryPoint .*: p1$/));
    expect(choose('p1', [], [other])).toMatchObject(chosen('p1', {}));
  });

  test('one whose data another region has is not taken, neither as the newest nor by its name', () => {
    const there = found('p2', { dataRegion: 'eu-south' });

    expect(choose('latest', [], [there])).toEqual(none(/the data of the volumes in p2 is in eu-south/));
    expect(choose('latest', [], [there, found('p1')])).toMatchObject(chosen('p1', {}));
    expect(choose('p2', [point('p2')], [there])).toEqual(
      none(/data of its volumes in eu-south, not in eu-n/),
    );
  });

  test('what the store was not asked for is not taken, and a person is told what to do', () => {
    expect(choose('latest', [point('p1')], undefined)).toEqual(none(/only such .* not compared .*: p1$/));
    expect(choose('p1', [point('p1')], undefined)).toEqual(none(/is not verified/));
  });

  test('what is listed and not in the store any more is not taken', () => {
    expect(choose('p1', [point('p1')], [])).toEqual(
      none(/p1 of shop is not verified, and not whole in the st/),
    );
  });
});

describe('with a verified point', () => {
  test('nothing else is taken for latest, however new it is', () => {
    const choice = choose('latest', [verified('p1')], [found('p1'), found('p2')]);

    expect(choice).toMatchObject({ kind: 'chosen', point: { name: 'p1' } });
    expect(choice).not.toHaveProperty('point.unproven');
  });

  test('an older one that is not is taken by its name, as when bad data was copied', () => {
    const listed = [verified('p2'), point('p1')];

    expect(choose('p1', listed, [found('p2'), found('p1')])).toMatchObject(chosen('p1', {}));
  });
});
