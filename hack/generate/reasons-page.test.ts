import { describe, expect, it } from 'vitest';
import { CatalogueError, catalogueOf, reasonsPage } from './reasons-page.ts';

describe('catalogueOf', () => {
  it('finds the one catalogue of a module among its other exports', () => {
    const found = catalogueOf('Widget', { widgetReasons: { Broken: 'It is broken.' }, other: 1 });

    expect(found).toEqual({ kind: 'Widget', reasons: { Broken: 'It is broken.' } });
  });

  it.each([
    ['no catalogue', {}],
    ['two catalogues', { aReasons: {}, bReasons: {} }],
    ['something else than sentences', { aReasons: { Broken: 1 } }],
    ['a fragment instead of a sentence', { aReasons: { Broken: 'broken' } }],
  ])('refuses a module with %s', (_what, module) => {
    expect(() => catalogueOf('Widget', module)).toThrow(CatalogueError);
  });
});

describe('reasonsPage', () => {
  it('has a table for each kind', () => {
    const page = reasonsPage([{ kind: 'Widget', reasons: { Broken: 'It is broken.' } }]);

    expect(page).toContain('## Widget\n\n| Reason | Meaning |\n| --- | --- |\n| `Broken` | It is broken. |');
  });
});
