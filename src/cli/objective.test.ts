import { describe, expect, it } from 'vitest';
import { instant } from '../domain/time.ts';
import { chooseConnection } from './objective.ts';
import { kubeconfigText } from './testing/clusters.ts';

const now = instant(Date.parse('2026-06-01T00:00:00Z'));
const files: Readonly<Record<string, string>> = {
  '/second': kubeconfigText,
  '/home/me/.kube/config': kubeconfigText,
  '/broken': 'not: [yaml',
};

const choose = (environment: { KUBECONFIG?: string; HOME?: string }, kubeconfig?: string, context?: string) =>
  chooseConnection({ kubeconfig, context, environment, read: async (path) => files[path] }, now);

describe('the kubeconfig', () => {
  it('is the one of the command line, else the first of KUBECONFIG that exists, else that of the home', async () => {
    const found = { kind: 'connection', connection: { host: 'objective.example:6443' }, namespace: 'dr' };

    expect(await choose({}, '/second')).toMatchObject(found);
    expect(await choose({ KUBECONFIG: '/first:/second', HOME: '/nobody' })).toMatchObject(found);
    expect(await choose({ KUBECONFIG: '', HOME: '/home/me' })).toMatchObject(found);
  });

  it('is used with the context of the command line, and its namespace', async () => {
    expect(await choose({}, '/second', 'elsewhere')).toMatchObject({ namespace: 'other' });
  });

  it.each<[string, Parameters<typeof choose>, string]>([
    ['not there', [{ KUBECONFIG: '/first' }], 'no kubeconfig at /first: pass --kubeconfig FILE'],
    ['nowhere to be looked for', [{}], 'no kubeconfig: pass --kubeconfig FILE'],
    ['not YAML', [{}, '/broken'], 'kubeconfig /broken: not valid YAML (line 1)'],
    ['without that context', [{}, '/second', 'x'], 'kubeconfig /second: current-context names a context'],
  ])('is a problem with a remedy when it is %s', async (_, args, message) => {
    expect(await choose(...args)).toMatchObject({
      kind: 'problem',
      message: expect.stringContaining(message),
    });
  });
});
