/**
 * Reads the reviewed applications of test/fixtures/charts: the manifests, and
 * the edges that a person said they must lead to. Expectations are data, so
 * that a rule is never judged by what the rule itself would find.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { loadAll } from 'js-yaml';
import { arrayAt, textAt } from '../../src/api/fields.ts';
import { type KubeObject, objectKey } from '../../src/api/object.ts';

/** An edge as a person sees it: `from` needs `to`. Both are keys as `refKey` writes them. */
export interface ReviewedEdge {
  readonly from: string;
  readonly to: string;
  /** The field or the fact it was read from. */
  readonly why: string;
}

export interface Fixture {
  readonly name: string;
  readonly objects: readonly KubeObject[];
  /** Must be found, and be certain. */
  readonly certain: readonly ReviewedEdge[];
  /** Would be good to find: names of Services in settings, objects that a webhook judges. */
  readonly likely: readonly ReviewedEdge[];
  /** True, but nothing waits for it in vain when it is missing; neither asked for nor held against a rule. */
  readonly accepted: readonly ReviewedEdge[];
  /** Traps: wrong to find, also as a reference to something that is not there. */
  readonly forbidden: readonly ReviewedEdge[];
}

const CHARTS = new URL('../fixtures/charts/', import.meta.url);

/** All applications by name. @throws Error when one names an object it does not have */
export function loadFixtures(): readonly Fixture[] {
  const folders = readdirSync(CHARTS, { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return folders.map(({ name }) => loadFixture(name)).toSorted((a, b) => (a.name < b.name ? -1 : 1));
}

function loadFixture(name: string): Fixture {
  const text = readFileSync(new URL(`${name}/manifests.yaml`, CHARTS), 'utf8');
  const objects = loadAll(text) as readonly KubeObject[];
  const expected: unknown = JSON.parse(readFileSync(new URL(`${name}/expected.json`, CHARTS), 'utf8'));
  const fixture = {
    name,
    objects,
    certain: edgesAt(expected, 'certain'),
    likely: edgesAt(expected, 'likely'),
    accepted: edgesAt(expected, 'accepted'),
    forbidden: edgesAt(expected, 'forbidden'),
  };
  const known = new Set(objects.map((object) => objectKey(object)));
  for (const { from, to } of [...fixture.certain, ...fixture.likely, ...fixture.accepted]) {
    const unknown = [from, to].find((key) => !known.has(key));
    if (unknown !== undefined) throw new Error(`${name}/expected.json names ${unknown}, which is not there.`);
  }
  return fixture;
}

function edgesAt(expected: unknown, list: string): readonly ReviewedEdge[] {
  return arrayAt(expected, list).map((edge) => {
    const [from, to, why] = [textAt(edge, 'from'), textAt(edge, 'to'), textAt(edge, 'why')];
    if (from === undefined || to === undefined || why === undefined) {
      throw new Error(`An edge of "${list}" lacks from, to or why: ${JSON.stringify(edge)}`);
    }
    return { from, to, why };
  });
}
