import { describe, expect, it } from 'vitest';
import { catalogues } from './catalogues.ts';
import { reasonsPage } from './reasons-page.ts';

describe('reasonsPage', () => {
  it('has a table for each kind', () => {
    const page = reasonsPage([{ kind: 'Widget', reasons: { Broken: 'It is broken.' } }]);

    expect(page).toContain('## Widget\n\n| Reason | Meaning |\n| --- | --- |\n| `Broken` | It is broken. |');
  });
});

describe.each(catalogues.map(({ kind, reasons }) => [kind, reasons] as const))(
  'The reasons of %s',
  (_kind, reasons) => {
    it('are words that a condition may carry', () => {
      for (const reason of Object.keys(reasons)) expect(reason).toMatch(/^[A-Z][A-Za-z0-9]{1,127}$/);
    });

    it('are each explained in a sentence', () => {
      for (const sentence of Object.values(reasons)) expect(sentence).toMatch(/^[A-Za-z].*\.$/);
    });
  },
);
