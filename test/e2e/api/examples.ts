/** Finds the manifests of Antipode's kinds in the fenced yaml blocks of the documentation. */
import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { loadAll } from 'js-yaml';
import { textAt } from '../../../src/api/fields.ts';
import { GROUP } from '../../../src/api/v1alpha1/common.ts';

const ROOT = path.join(import.meta.dirname, '../../..');
const FENCED = /^```ya?ml\n([\s\S]*?)^```/gm;

export interface Example {
  /** `README.md:12`, the line of its block. */
  readonly where: string;
  readonly kind: string;
  readonly namespace: string | undefined;
  readonly object: unknown;
}

/** @throws YAMLException when a block is not YAML */
export async function documentedExamples(): Promise<readonly Example[]> {
  const inDocs = await readdir(path.join(ROOT, 'docs'), { recursive: true });
  const pages = ['README.md', ...inDocs.map((name) => path.join('docs', name))];
  const found: Example[] = [];
  for (const page of pages.filter((name) => name.endsWith('.md')).toSorted())
    found.push(...examplesIn(page, await readFile(path.join(ROOT, page), 'utf8')));
  return found;
}

function examplesIn(page: string, text: string): readonly Example[] {
  return [...text.matchAll(FENCED)].flatMap((block) => {
    const line = text.slice(0, block.index).split('\n').length;
    return loadAll(block[1] ?? '')
      .filter((object) => textAt(object, 'apiVersion')?.startsWith(`${GROUP}/`))
      .map((object) => ({
        where: `${page}:${line}`,
        kind: textAt(object, 'kind') ?? '',
        namespace: textAt(object, 'metadata', 'namespace'),
        object,
      }));
  });
}
