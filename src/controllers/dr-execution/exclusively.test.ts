import { expect, test } from 'vitest';
import { exclusively } from './exclusively.ts';

const nothing = (): void => undefined;

/** A promise that is resolved from outside. */
function gate() {
  let open = nothing;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { open, opened };
}

test('a task waits for an earlier one of its name, also when that one fails', async () => {
  const run = exclusively();
  const first = gate();
  const order: string[] = [];
  const failing = run('shop', async () => {
    await first.opened;
    order.push('first');
    throw new Error('first failed');
  });
  const following = run('shop', async () => order.push('second'));
  first.open();

  await expect(failing).rejects.toThrow('first failed');
  await following;

  expect(order).toEqual(['first', 'second']);
});

test('tasks of different names do not wait for each other', async () => {
  const run = exclusively();
  const first = gate();
  const slow = run('shop', () => first.opened);

  await expect(run('bank', async () => 'served')).resolves.toBe('served');

  first.open();
  await slow;
});
