import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { VolumesSpec } from '../../api/v1alpha1/dr-scenario-volumes.ts';
import { wishedStrategy } from './wish.ts';

const spec = (...claims: VolumesSpec['claims']): VolumesSpec => ({
  strategy: 'Auto',
  claims,
  snapshotTimeout: '5m',
});

test('the first exception that fits decides, else the strategy of the scenario', () => {
  const wishes = spec(
    { claim: 'shop/data-db-0', strategy: 'VolSync' },
    { claim: 'shop/data-db-*', strategy: 'SnapshotHandle' },
    { claim: 'shop/cache*', strategy: 'Exclude' },
    { claim: 'shop/*-tmp-*', strategy: 'Exclude' },
  );

  expect(wishedStrategy('shop/data-db-0', wishes)).toBe('VolSync');
  expect(wishedStrategy('shop/data-db-1', wishes)).toBe('SnapshotHandle');
  expect(wishedStrategy('shop/cache', wishes)).toBe('Exclude');
  expect(wishedStrategy('shop/web-tmp-3', wishes)).toBe('Exclude');
  expect(wishedStrategy('shop/web-tmp', wishes)).toBe('Auto');
  expect(wishedStrategy('other/data-db-0', wishes)).toBe('Auto');
});

test('a claim named in full fits only itself', () => {
  const wishes = spec({ claim: 'shop/data', strategy: 'Exclude' });

  expect(wishedStrategy('shop/data', wishes)).toBe('Exclude');
  expect(wishedStrategy('shop/data-1', wishes)).toBe('Auto');
  expect(wishedStrategy('shop/dat', wishes)).toBe('Auto');
});

test('a star stands for any text and its neighbours never share a letter of the name', () => {
  const text = fc.string({ unit: fc.constantFrom('a', 'b', '-'), maxLength: 6 });
  fc.assert(
    fc.property(fc.array(text, { minLength: 1, maxLength: 4 }), text, (parts, name) => {
      const pattern = `shop/${parts.join('*')}`;
      const expression = new RegExp(`^shop/${parts.join('.*')}$`);
      const wished = wishedStrategy(`shop/${name}`, spec({ claim: pattern, strategy: 'Exclude' }));
      expect(wished === 'Exclude').toBe(expression.test(`shop/${name}`));
    }),
  );
});
