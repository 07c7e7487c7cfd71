import { describe, expect, it } from 'vitest';
import { schemasOf } from '../../src/api/crd.ts';
import { drScenarioKind } from '../../src/api/v1alpha1/dr-scenario.ts';
import { referencePage, table } from './reference-page.ts';

function page(): string {
  const schemas = schemasOf(drScenarioKind);
  if (schemas.kind === 'refused') throw new Error(JSON.stringify(schemas.findings));
  return referencePage(drScenarioKind, schemas);
}

describe('referencePage', () => {
  it('shows path, type, default, meaning and limits of a field', () => {
    expect(page()).toContain(
      '| `replication.keep` | integer | `5` | Newest recovery points kept. Value: 1 to 100. |',
    );
  });

  it('marks what is required and says what admission refuses', () => {
    const line = page()
      .split('\n')
      .find((text) => text.startsWith('| `objectives.rpo` *'));

    expect(line).toContain('Must be 1s or longer.');
  });

  it('does not repeat the spec where a status holds a copy of it', () => {
    expect(page()).toContain('`acceptedSpec`');
    expect(page()).not.toContain('`acceptedSpec.source`');
  });

  it('lists the rules on the whole object', () => {
    expect(page()).toContain('- recovery.region must differ from source.region');
  });
});

describe('table', () => {
  it('keeps a bar in a cell from ending it', () => {
    expect(table(['a'], [['x|y']])).toBe('| a |\n| --- |\n| x\\|y |');
  });
});
