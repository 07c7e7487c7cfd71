import { dump } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { readScenarioFile } from './scenario-file.ts';

const scenario = (metadata: object, more: object = {}) => ({
  apiVersion: 'antipode.dev/v1alpha1',
  kind: 'DRScenario',
  metadata,
  spec: {
    source: { region: 'a' },
    recovery: { region: 'b' },
    objectives: { rpo: '5m', rto: '10m' },
    resources: { namespaces: ['shop'] },
  },
  ...more,
});
const read = (text: string, namespace?: string) =>
  readScenarioFile(text, { name: 'new.yaml', namespace, fallback: 'of-context' });

describe('the scenario of a file', () => {
  it('is found among other documents and in a List', () => {
    const config = dump({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'x' } });
    const list = dump({ apiVersion: 'v1', kind: 'List', items: [scenario({ name: 'shop' })] });

    expect(read(`${config}---\n${dump(scenario({ name: 'shop' }))}`)).toMatchObject({ kind: 'scenario' });
    expect(read(list)).toMatchObject({ kind: 'scenario' });
  });

  it('is in its own namespace, else that of the command line, else that of the context', () => {
    const namespaceOf = (text: string, namespace?: string) => {
      const found = read(text, namespace);
      return found.kind === 'scenario' ? found.object.metadata.namespace : found.message;
    };

    expect(namespaceOf(dump(scenario({ name: 'shop', namespace: 'own' })))).toBe('own');
    expect(namespaceOf(dump(scenario({ name: 'shop' })), 'given')).toBe('given');
    expect(namespaceOf(dump(scenario({ name: 'shop' })))).toBe('of-context');
  });

  it('leaves behind what a cluster has written into it', () => {
    const metadata = {
      name: 'shop',
      resourceVersion: '1',
      uid: 'u',
      managedFields: [],
      labels: { team: 'a' },
    };

    const found = read(dump(scenario(metadata, { status: { phase: 'Protected' } })));

    expect(found).toMatchObject({ kind: 'scenario' });
    expect(found.kind === 'scenario' && found.object.metadata).toEqual({
      name: 'shop',
      namespace: 'of-context',
      labels: { team: 'a' },
    });
    expect(found.kind === 'scenario' && Object.keys(found.object)).not.toContain('status');
  });

  it('has its defaults filled in for comparing, and is left as written for the API server', () => {
    const found = read(dump(scenario({ name: 'shop' })));

    expect(found).toMatchObject({ spec: { failover: { mode: 'Manual' } } });
    expect(found.kind === 'scenario' && found.object['spec']).not.toHaveProperty('failover');
  });

  it.each<[string, string, string]>([
    [
      'several',
      [scenario({ name: 'a' }), scenario({ name: 'b' })].map((one) => dump(one)).join('---\n'),
      '2 DRScenarios',
    ],
    ['one without a name', dump(scenario({})), 'metadata.name: is missing'],
    ['an empty file', '', 'has no DRScenario'],
  ])('is refused when there is %s', (_, text, message) => {
    expect(read(text)).toMatchObject({ kind: 'invalid', message: expect.stringContaining(message) });
  });
});
