import { describe, expect, it } from 'vitest';
import { run, scenario, type World } from './testing/program.ts';

describe('antipode', () => {
  it.each<[string, readonly string[]]>([
    ['an unknown command', ['graphs']],
    ['an unknown option', ['graph', 'shop', '--colour']],
    ['no scenario', ['graph']],
    ['an unknown form of output', ['graph', 'shop', '-o', 'svg']],
    ['no file', ['plan']],
  ])('exits with 2 and says why, for %s', async (_, args) => {
    const { code, stdout, stderr } = await run(args);

    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toMatch(/^error: /);
  });

  it('prints its help and exits with 0', async () => {
    const { code, stdout } = await run(['--help']);

    expect(code).toBe(0);
    expect(stdout).toContain('graph [options] <scenario>');
  });

  it.each<[string, World & { args?: readonly string[] }, RegExp]>([
    [
      'there is no kubeconfig',
      { environment: { HOME: '/nobody' } },
      /no kubeconfig at .*pass --kubeconfig FILE/,
    ],
    ['the context is unknown', { args: ['--context', 'x'] }, /current-context names a context that is not/],
    ['there is no such scenario', { objective: [] }, /no DRScenario dr\/shop .*choose its namespace with -n/],
    ['there is no recovery point yet', { objective: [scenario({ status: {} })] }, /no recovery point yet/],
    [
      'the graph was not published',
      { objective: [scenario()] },
      /ConfigMap dr\/antipode-graph-shop is missing/,
    ],
    ['the user may not read it', { options: { forbidden: ['ConfigMap'] } }, /ask an administrator/],
    [
      'the context names another namespace',
      { args: ['--context', 'elsewhere'] },
      /no DRScenario other\/shop/,
    ],
  ])('exits with 1 and says what to do, when %s', async (_, { args = [], ...world }, message) => {
    const { code, stdout, stderr } = await run(['graph', 'shop', ...args], world);

    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toMatch(message);
    expect(stderr).not.toContain('hunter2');
  });
});
