import { describe, expect, it } from 'vitest';
import { point, published, run, scenario, status } from './testing/program.ts';

describe('antipode graph', () => {
  it.each([
    ['tree', 'Wave 1: 1 unit'],
    ['dot', 'digraph "dr/shop" {'],
    ['mermaid', 'flowchart RL'],
    ['json', '"formatVersion": 1'],
  ])('prints the published graph as %s', async (format, expected) => {
    const { code, stdout, stderr, objective } = await run(['graph', 'shop', '-o', format]);

    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toContain(expected);
    expect(objective).toMatchObject({ writes: [], dryRuns: [], closed: true });
  });

  it('shows that of a later point, which has the same, and refuses that of an earlier one', async () => {
    const later = await run(['graph', 'shop', '--point', 'later']);
    const earlier = await run(['graph', 'shop', '--point', 'earlier']);
    const none = await run(['graph', 'shop', '--point', 'other']);

    expect(later).toMatchObject({ code: 0, stderr: expect.stringContaining('has not changed since') });
    expect(earlier).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('antipode/points/earlier.json'),
    });
    expect(none).toMatchObject({
      code: 1,
      stderr: expect.stringContaining(`there are: later, ${point.name}`),
    });
  });

  it('tells later from earlier by their count, where a clock that was ahead has dated them otherwise', async () => {
    const counts: Readonly<Record<string, number>> = { later: 1, [point.name]: 2, earlier: 3 };
    const recoveryPoints = status.recoveryPoints.map((one) => ({ ...one, sequence: counts[one.name] }));
    const objects = [scenario({ status: { ...status, recoveryPoints } }), await published({ sequence: 2 })];

    const refused = await run(['graph', 'shop', '--point', 'later'], { objective: objects });
    const shown = await run(['graph', 'shop', '--point', 'earlier'], { objective: objects });

    expect([refused.code, shown.code]).toEqual([1, 0]);
  });

  it('says when the published graph is older than the newest point', async () => {
    const graph = { ...status.graph, objects: 12 };
    const objects = [scenario({ status: { ...status, graph } }), await published()];

    const { code, stderr } = await run(['graph', 'shop'], { objective: objects });

    expect(code).toBe(0);
    expect(stderr).toContain('note: the newest recovery point has 12 objects');
  });

  it('passes on what the operator warns of', async () => {
    const graph = { ...status.graph, warnings: ['a doubtful dependency was not followed'] };
    const objects = [scenario({ status: { ...status, graph } }), await published()];

    const { stderr } = await run(['graph', 'shop'], { objective: objects });

    expect(stderr).toBe('note: a doubtful dependency was not followed\n');
  });

  it('is coloured on a terminal only, and not with NO_COLOR', async () => {
    const terminal = await run(['graph', 'shop'], { isTerminal: true });
    const noColour = await run(['graph', 'shop'], { isTerminal: true, environment: { NO_COLOR: '1' } });

    expect(terminal.stdout).toContain('\u001b[1m');
    expect(noColour.stdout).not.toContain('\u001b');
    expect(noColour.stdout).toBe((await run(['graph', 'shop'])).stdout);
  });
});
