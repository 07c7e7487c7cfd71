import { expect, test } from 'vitest';
import { table } from './table.ts';

test('columns are aligned, two blanks apart, and no line ends in blanks', () => {
  expect(
    table(
      [
        ['a', 'bbb', 'c'],
        ['aaaa', 'b'],
        ['a', ''],
      ],
      '  ',
    ),
  ).toEqual(['  a     bbb  c', '  aaaa  b', '  a']);
});
