import { expect, it } from 'vitest';
import { counted } from './counted.ts';

it('says one thing in the singular, and none or several in the plural', () => {
  expect([0, 1, 2].map((count) => counted(count, 'unit'))).toEqual(['0 units', '1 unit', '2 units']);
});
