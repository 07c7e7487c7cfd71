/**
 * Writes docs/reference: a page for each kind from its schemas, and the page of
 * reasons from their catalogues. With --check nothing is written: exit code 1
 * says that a committed page is stale.
 */
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { schemasOf } from '../src/api/crd.ts';
import { isFields } from '../src/api/fields.ts';
import { kinds } from '../src/api/v1alpha1/kinds.ts';
import { type GeneratedFile, writeOrCheck } from './generate/generated-files.ts';
import { type Catalogue, catalogueOf, reasonsPage } from './generate/reasons-page.ts';
import { referencePage } from './generate/reference-page.ts';

const ROOT = path.join(import.meta.dirname, '..');
const REASONS = path.join(ROOT, 'src/api/v1alpha1/reasons');
const PAGES = 'docs/reference';

function kindPages(): readonly GeneratedFile[] {
  return kinds.flatMap((kind) => {
    const schemas = schemasOf(kind);
    // What is refused is said by the generator of the CRDs, at length.
    if (schemas.kind === 'refused') throw new Error(`${kind.kind} is not structural: run \`npm run crds\``);
    return [{ path: `${PAGES}/${kind.kind.toLowerCase()}.md`, text: referencePage(kind, schemas) }];
  });
}

/** `dr-scenario.ts` speaks of the kind whose name is the same without dashes and case. */
async function catalogues(): Promise<readonly Catalogue[]> {
  const files = (await readdir(REASONS)).filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'));
  const loaded: Catalogue[] = [];
  for (const file of files.toSorted()) {
    const flat = file.replace(/\.ts$/, '').replaceAll('-', '');
    const kind = kinds.find((definition) => definition.kind.toLowerCase() === flat)?.kind ?? flat;
    const module: unknown = await import(pathToFileURL(path.join(REASONS, file)).href);
    loaded.push(catalogueOf(kind, isFields(module) ? module : {}));
  }
  return loaded;
}

const pages = [...kindPages(), { path: `${PAGES}/reasons.md`, text: reasonsPage(await catalogues()) }];
process.exitCode = await writeOrCheck(
  process.argv.includes('--check'),
  ROOT,
  pages,
  [{ path: PAGES, ending: '.md' }],
  'npm run docs',
);
