/** Every example that people may copy from the documentation is accepted by the API server as it stands. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { LabCluster } from '../../../hack/lab/types.ts';
import { getLab } from '../lab.ts';
import { documentedExamples } from './examples.ts';
import { applyCrds } from './kubectl.ts';

const examples = await documentedExamples();
let objective: LabCluster;

beforeAll(async () => {
  objective = (await getLab()).objective;
  await applyCrds(objective);
});

describe('The documentation', () => {
  it('shows an example of each kind', () => {
    const shown = new Set(examples.map(({ kind }) => kind));

    expect([...shown].toSorted()).toEqual(['DRExecution', 'DRScenario', 'RegionHealth']);
  });
});

describe.each(examples.map((example) => [example.where, example] as const))('%s', (_where, example) => {
  it(`shows a ${example.kind} that is accepted`, async () => {
    const { namespace } = example;
    if (namespace !== undefined) {
      const object = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } };
      await objective.kubectl(['apply', '-f', '-'], { input: JSON.stringify(object) });
    }

    const args = ['apply', '--dry-run=server', '--validate=strict', '-f', '-'];

    await expect(objective.kubectl(args, { input: JSON.stringify(example.object) })).resolves.toContain(
      'antipode.dev',
    );
  });
});
