import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../../api/object.ts';
import { anObject } from '../../../testing/objects.ts';
import type { UserReadiness } from './compile.ts';
import { compiledReadiness } from './compiled.ts';
import { type Budget, DEFAULT_BUDGET } from './meter.ts';
import { readinessByRules, tryReadiness } from './readiness.ts';

const rule = (changes: Partial<UserReadiness> = {}): UserReadiness => ({
  name: 'mine',
  match: "object.kind == 'Database'",
  ready: "object.status.phase == 'Running'",
  ...changes,
});
const database = (status?: object, name = 'db'): KubeObject =>
  anObject('Database', `shop/${name}`, {
    apiVersion: 'db.example/v1',
    ...(status === undefined ? {} : { status }),
  });
const web = anObject('Deployment', 'shop/web');
const judge = (object: KubeObject, rules: readonly UserReadiness[], budget?: Budget) =>
  readinessByRules(compiledReadiness(rules), object, budget);
const COSTLY = 'object.items.all(a, object.items.all(b, object.items.all(c, a + b != c)))';
const items = Array.from({ length: 60 }, () => 'x');

describe('a rule of readiness', () => {
  it('decides about what it matches and says nothing of the rest', () => {
    expect(judge(database({ phase: 'Running' }), [rule()])).toEqual({ kind: 'ready' });
    expect(judge(database({ phase: 'Starting' }), [rule()])).toEqual({
      kind: 'progressing',
      message: `not ready by rule "mine": not object.status.phase == 'Running'`,
    });
    expect(judge(web, [rule()])).toBeUndefined();
    expect(judge(web, [])).toBeUndefined();
  });

  it('waits for a field that is not there yet, and names it', () => {
    expect(judge(database(), [rule()])).toEqual({
      kind: 'progressing',
      message: expect.stringMatching(/^not ready by rule "mine": .*status/),
    });
    expect(judge(database(), [rule({ ready: 'object.kind' })])).toMatchObject({ kind: 'progressing' });
  });

  it('gives up when it says that waiting is in vain, but not because that cannot be told', () => {
    const failing = rule({ failed: "object.status.phase == 'Broken'" });
    expect(judge(database({ phase: 'Broken' }), [failing])).toEqual({
      kind: 'failed',
      message: `has failed by rule "mine": object.status.phase == 'Broken'`,
    });
    expect(judge(database(), [failing])).toMatchObject({ kind: 'progressing' });
  });

  it('is one of several that all must agree, in any order', () => {
    const other = rule({ name: 'other', ready: 'object.status.replicas >= 2' });
    const third = rule({ name: 'third', ready: 'true', failed: 'object.status.replicas == 0' });
    for (const rules of [
      [rule(), other, third],
      [third, other, rule()],
    ]) {
      expect(judge(database({ phase: 'Running', replicas: 2 }), rules)).toEqual({ kind: 'ready' });
      expect(judge(database({ phase: 'Running', replicas: 1 }), rules)).toMatchObject({
        kind: 'progressing',
        message: expect.stringContaining('"other"'),
      });
      expect(judge(database({ phase: 'Running', replicas: 0 }), rules)).toMatchObject({ kind: 'failed' });
    }
  });

  it('sees nothing of what is in a Secret', () => {
    const secret = anObject('Secret', 'shop/pw', { data: { password: 'aHVudGVy' } });
    const peeking = rule({ match: 'true', ready: "object.data.password == 'aHVudGVy'" });
    expect(judge(secret, [peeking])).toMatchObject({ kind: 'progressing' });
  });

  it.each(['match', 'ready', 'failed'] as const)(
    'that costs too much in %s is stopped and named',
    (field) => {
      const greedy = anObject('Database', 'shop/db', { items });
      expect(judge(greedy, [rule({ [field]: COSTLY })])).toEqual({
        kind: 'failed',
        message: 'cannot be judged by rule "mine": it takes more than 100000 steps',
      });
    },
  );
});

describe('trying the rules of readiness on the source', () => {
  const attempt = (objects: readonly KubeObject[], rules: readonly UserReadiness[], budget?: Budget) =>
    tryReadiness(compiledReadiness(rules), objects, budget).map(
      ({ severity, message }) => `${severity}: ${message}`,
    );

  it('finds nothing to say of rules that work, ready or not', () => {
    const failing = rule({ failed: "object.status.phase == 'Broken'" });
    expect(attempt([web, database({ phase: 'Starting' }), database(undefined, 'new')], [failing])).toEqual(
      [],
    );
  });

  it('warns of a rule that is about nothing, and of one that could never be true', () => {
    expect(attempt([web], [rule()])).toEqual([
      'warning: spec.dependencies.readiness: rule "mine" is about no object: correct match, or remove the rule',
    ]);
    const misspelt = rule({ ready: "object.status.fase == 'Running'", failed: 'object.status.broken' });
    expect(attempt([database({ phase: 'Running' })], [misspelt])).toEqual([
      expect.stringMatching(
        /"mine" has no effect: failed fails on every object .*Database\.db\.example\/shop\/db/,
      ),
      expect.stringMatching(/"mine" calls nothing ready: ready fails on every object .* because .*fase/),
    ]);
  });

  it.each(['match', 'ready', 'failed'] as const)('refuses one whose %s costs too much, by name', (field) => {
    const greedy = anObject('Database', 'shop/db', { items, status: { phase: 'Running' } });
    expect(attempt([greedy], [rule({ [field]: COSTLY })])).toEqual([
      expect.stringMatching(
        /^refused: spec\.dependencies\.readiness: rule "mine" takes more than 100000 steps on Database/,
      ),
    ]);
  });

  it('refuses one that costs too much on all objects together, and lets the others be', () => {
    const databases = Array.from({ length: 50 }, (_, index) => database({ phase: 'Running' }, `db-${index}`));
    const budget = { ...DEFAULT_BUDGET, rule: 500 };
    const cheap = rule({ name: 'cheap', match: "object.metadata.name == 'db-7'" });
    const costly = rule({
      name: 'costly',
      failed: "object.status.phase == 'a' || object.status.phase == 'b'",
    });
    expect(attempt(databases, [costly, cheap], budget)).toEqual([
      expect.stringMatching(/^refused: .*"costly" takes more than 500 steps on all objects/),
    ]);
  });
});
