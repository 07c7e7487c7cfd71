import { describe, expect, test } from 'vitest';
import { minutes, seconds } from '../domain/time.ts';
import { manualClock } from '../testing/manual-clock.ts';
import { breakOff, LONGEST_READ, type LongRead, readBeside, unread } from './long-read.ts';

const never = new AbortController().signal;

/** A store whose answers take their time; a read of it ignores its signal when told so. */
function store({ takes, heeds = true }: { readonly takes: number; readonly heeds?: boolean }) {
  const clock = manualClock();
  const life = new AbortController();
  const begun: string[] = [];
  const ended: string[] = [];
  const answers: (string | Error)[] = [];
  const slot: LongRead<string> = unread();
  const readFrom = (id: string) => async (signal: AbortSignal) => {
    begun.push(id);
    try {
      await clock.sleep(seconds(takes), heeds ? signal : never);
    } finally {
      ended.push(id);
    }
    const answer = answers.shift() ?? `what ${id} holds`;
    if (answer instanceof Error) throw answer;
    return answer;
  };
  const deps = { clock, lifetime: life.signal };
  const ask = (id = 'p1', pass = never) =>
    readBeside(slot, { id, what: `recovery point ${id}`, read: readFrom(id) }, deps, pass);
  /** What is answered, at the latest when all patience is over. */
  const pass = async (id?: string) => {
    const asked = ask(id).catch((error: unknown) => error);
    await clock.advance(seconds(10));
    return asked;
  };
  return { clock, life, begun, ended, answers, slot, ask, pass };
}

describe('reading beside the passes', () => {
  test('gives in the same pass what does not take long', async () => {
    const { pass } = store({ takes: 1 });
    expect(await pass()).toEqual({ kind: 'read', value: 'what p1 holds' });
  });

  test('goes on from pass to pass, and is begun once however many ask', async () => {
    const { clock, pass, begun, ask } = store({ takes: 150 });
    expect(await Promise.all([pass(), ask()])).toMatchObject([{ kind: 'reading' }, { kind: 'reading' }]);
    await clock.advance(minutes(3));
    expect(await pass()).toEqual({ kind: 'read', value: 'what p1 holds' });
    expect(await pass()).toEqual({ kind: 'read', value: 'what p1 holds' });
    expect(begun).toEqual(['p1']);
  });

  test('is not ended by the end of the pass that began it', async () => {
    const { clock, ask, pass, begun } = store({ takes: 150 });
    const cut = new AbortController();
    const asked = ask('p1', cut.signal);
    cut.abort(new Error('the pass is over'));
    await expect(asked).rejects.toThrow('the pass is over');
    await clock.advance(minutes(3));
    expect(await pass()).toMatchObject({ kind: 'read' });
    expect(begun).toEqual(['p1']);
  });

  test('tells a failure to all who ask in a pass, is begun anew by the next, and says meanwhile what it came to', async () => {
    const { clock, pass, ask, answers, begun } = store({ takes: 8 });
    answers.push(new Error('the bucket does not answer'));
    expect(await pass()).toEqual({ kind: 'reading', problem: undefined });
    const both = await Promise.all([pass(), ask().catch((error: unknown) => error)]);
    expect(both).toEqual([new Error('the bucket does not answer'), new Error('the bucket does not answer')]);
    expect(await pass()).toEqual({
      kind: 'reading',
      problem: new Error('the bucket does not answer'),
    });
    await clock.advance(seconds(10));
    expect(await pass()).toMatchObject({ kind: 'read' });
    expect(begun).toEqual(['p1', 'p1']);
  });

  test.each([true, false])('ends in a failure when it never ends (heeding its signal: %s)', async (heeds) => {
    const { clock, pass, begun } = store({ takes: 100_000, heeds });
    expect(await pass()).toMatchObject({ kind: 'reading' });
    await clock.advance(LONGEST_READ);
    expect(await pass()).toMatchObject({
      code: 'ReadTimeout',
      message: expect.stringContaining('recovery point p1 was not read within 30m'),
    });
    // Reads that heed no signal are not to pile up.
    await pass();
    expect(begun).toHaveLength(heeds ? 2 : 1);
  });

  test('of another point breaks off the one before', async () => {
    const { pass, begun, ended } = store({ takes: 150 });
    await pass('p1');
    await pass('p2');
    expect({ begun, ended }).toEqual({ begun: ['p1', 'p2'], ended: ['p1'] });
  });

  test('ends when nobody needs it any more, or the operator ends', async () => {
    const unneeded = store({ takes: 150 });
    await unneeded.pass();
    breakOff(unneeded.slot);
    const stopped = store({ takes: 150 });
    await stopped.pass();
    stopped.life.abort(new Error('the lease is lost'));
    await Promise.all([unneeded.clock.advance(seconds(1)), stopped.clock.advance(seconds(1))]);
    expect([unneeded.ended, stopped.ended]).toEqual([['p1'], ['p1']]);
  });
});
