import { describe, expect, it } from 'vitest';
import {
  type TransformSpec,
  transforms as transformsSchema,
} from '../../api/v1alpha1/dr-scenario-transforms.ts';
import { compileTransforms, describeTransformProblem } from './compile.ts';

function problems(
  specs: readonly TransformSpec[],
  namespaces: readonly string[] = ['shop', 'pay'],
): readonly string[] {
  const compiled = compileTransforms(transformsSchema.parse(specs), namespaces);
  return compiled.kind === 'compiled' ? [] : compiled.problems.map(describeTransformProblem);
}

const names = (...pairs: readonly (readonly [string, string])[]) => pairs.map(([from, to]) => ({ from, to }));

describe('reading the transforms of a scenario', () => {
  it('accepts a swap of namespaces, and names for those that are only referred to', () => {
    expect(
      problems([
        { name: 'swap', namespaces: names(['shop', 'pay'], ['pay', 'shop']) },
        { name: 'tools', namespaces: names(['monitoring', 'obs'], ['logging', 'obs']) },
      ]),
    ).toEqual([]);
  });

  it.each<[string, readonly TransformSpec[], string]>([
    [
      'a match that is not CEL',
      [{ name: 'a', match: 'object.', images: names(['x', 'y']) }],
      'spec.replication.transforms[a].match is not a valid expression',
    ],
    [
      'a match that is not true or false',
      [{ name: 'a', match: "'Ingress'", images: names(['x', 'y']) }],
      'spec.replication.transforms[a].match gives string, but must give true or false',
    ],
    [
      'a value that is not JSON',
      [{ name: 'a', match: 'true', patch: [{ op: 'add', path: '/spec/x', value: 'nginx' }] }],
      'spec.replication.transforms[a].patch[0].value is not JSON: write a text with its quotes',
    ],
    [
      'a path that is no pointer',
      [{ name: 'a', match: 'true', patch: [{ op: 'remove', path: '/spec/a~b' }] }],
      'spec.replication.transforms[a].patch[0].path is "/spec/a~b", which is no JSON pointer',
    ],
    [
      'a patch of the name',
      [{ name: 'a', match: 'true', patch: [{ op: 'replace', path: '/metadata/name', value: '"x"' }] }],
      'spec.replication.transforms[a].patch[0].path points at metadata.name, which tells which object it is',
    ],
    [
      'a namespace that is mapped to two',
      [
        { name: 'a', namespaces: names(['shop', 'x']) },
        { name: 'b', namespaces: names(['shop', 'y']) },
      ],
      'spec.replication.transforms[b].namespaces maps shop to y, but transform a maps it to x: remove one of them',
    ],
    [
      'a namespace that is mapped to another protected one',
      [{ name: 'a', namespaces: names(['shop', 'pay']) }],
      'spec.replication.transforms[a].namespaces maps shop to pay, which is protected too and keeps its name: choose another',
    ],
    [
      'two protected namespaces that are mapped to one',
      [
        { name: 'a', namespaces: names(['shop', 'x']) },
        { name: 'b', namespaces: names(['pay', 'x']) },
      ],
      'maps pay to x, as does shop: choose another name',
    ],
  ])('refuses %s, naming the field', (_, specs, message) => {
    expect(problems(specs)).toEqual([expect.stringContaining(message)]);
  });

  it('tells all problems at once', () => {
    expect(
      problems([
        { name: 'a', match: 'object.', images: names(['x', 'y']) },
        { name: 'b', match: 'true', patch: [{ op: 'add', path: '/x', value: '{' }] },
      ]),
    ).toHaveLength(2);
  });
});
