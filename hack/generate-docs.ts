/**
 * Writes docs/reference: a page for each kind from its schemas, the page of
 * reasons from their catalogues, and that of readiness from its rules. With --check nothing is written: exit code 1
 * says that a committed page is stale.
 */
import path from 'node:path';
import { schemasOf } from '../src/api/crd.ts';
import { kinds } from '../src/api/v1alpha1/kinds.ts';
import { KIND_CONDITIONS, SIGN_CONDITIONS, SIGN_FIELDS } from '../src/domain/graph/readiness/known-signs.ts';
import { kindReadiness } from '../src/domain/graph/readiness.ts';
import { catalogues } from './generate/catalogues.ts';
import { type GeneratedFile, writeOrCheck } from './generate/generated-files.ts';
import { readinessPage } from './generate/readiness-page.ts';
import { reasonsPage } from './generate/reasons-page.ts';
import { referencePage } from './generate/reference-page.ts';

const ROOT = path.join(import.meta.dirname, '..');
const PAGES = 'docs/reference';

function kindPages(): readonly GeneratedFile[] {
  return kinds.map((kind) => {
    const schemas = schemasOf(kind);
    // What is refused is said by the generator of the CRDs, at length.
    if (schemas.kind === 'refused') throw new Error(`${kind.kind} is not structural: run \`make crds\``);
    return { path: `${PAGES}/${kind.kind.toLowerCase()}.md`, text: referencePage(kind, schemas) };
  });
}

process.exitCode = await writeOrCheck(
  process.argv.includes('--check'),
  ROOT,
  [
    ...kindPages(),
    { path: `${PAGES}/reasons.md`, text: reasonsPage(catalogues) },
    {
      path: `${PAGES}/readiness.md`,
      text: readinessPage({
        kinds: kindReadiness,
        conditions: SIGN_CONDITIONS,
        kindConditions: KIND_CONDITIONS,
        fields: SIGN_FIELDS,
      }),
    },
  ],
  [{ path: PAGES, ending: '.md' }],
  'make crds',
);
