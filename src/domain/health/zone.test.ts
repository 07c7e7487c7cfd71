import { describe, expect, test } from 'vitest';
import { millis } from '../time.ts';
import { type ProbeFailureReason, type ProbeHistory, remember } from './probe-history.ts';
import { judgeZone, type NodeEvidence, type ZoneRules } from './zone.ts';

/** `++xxx`: two passes, then three failures. */
function history(
  name: string,
  course: string,
  latency = 10,
  reason: ProbeFailureReason = 'refused',
): ProbeHistory {
  let probe: ProbeHistory | undefined;
  for (const mark of course) {
    const time = { latency: millis(latency) };
    const message = 'connection refused';
    probe = remember(
      name,
      probe,
      mark === '+' ? { kind: 'passed', ...time } : { kind: 'failed', ...time, reason, message },
    );
  }
  if (probe === undefined) throw new Error('a course has at least one mark');
  return probe;
}

const nodes = (ready: number, total: number): NodeEvidence => ({ kind: 'counted', ready, total });
const unknown: NodeEvidence = { kind: 'unknown' };
const none: NodeEvidence = { kind: 'none' };
const rules: ZoneRules = { minReadyPercent: 50, maxLatency: millis(500) };

const cases: Record<string, [NodeEvidence, ProbeHistory[], string, string]> = {
  'all nodes ready': [nodes(3, 3), [], 'Healthy', '3 of 3 nodes ready'],
  'some nodes not ready': [nodes(2, 3), [], 'Degraded', '2 of 3 nodes ready'],
  'exactly the required share ready': [nodes(2, 4), [], 'Degraded', '2 of 4 nodes ready'],
  'less than the required share ready': [nodes(1, 3), [], 'Failed', '1 of 3 nodes ready'],
  'no node left in the region': [nodes(0, 0), [], 'Failed', 'none of its nodes is left'],
  'nodes cannot be read and no probe': [
    unknown,
    [],
    'Unknown',
    'its nodes cannot be read and it has no probe',
  ],
  'neither nodes nor probes': [none, [], 'Unknown', 'it has neither nodes nor probes'],
  'probe passes and nodes cannot be read': [unknown, [history('a', '+')], 'Healthy', '1 of 1 probes pass'],
  'one lost packet': [unknown, [history('a', '+x')], 'Healthy', '1 of 1 probes pass'],
  'two lost packets': [unknown, [history('a', '+xx')], 'Healthy', '1 of 1 probes pass'],
  'three failures in a row': [
    unknown,
    [history('a', '+xxx')],
    'Failed',
    'all 1 probes fail (a: connection refused)',
  ],
  'failures that are not in a row': [unknown, [history('a', 'xx+xx+xx')], 'Healthy', '1 of 1 probes pass'],
  'a probe that never passed and failed twice': [
    unknown,
    [history('a', 'xx')],
    'Unknown',
    'its probes tell nothing yet (a: connection refused)',
  ],
  'one of two probes fails': [
    nodes(3, 3),
    [history('a', '+xxx'), history('b', '+')],
    'Degraded',
    '1 of 2 probes fail (a: connection refused)',
  ],
  'all probes fail while nodes are ready': [
    nodes(3, 3),
    [history('a', 'xxx'), history('b', 'xxxx')],
    'Failed',
    'all 2 probes fail (a: connection refused, b: connection refused)',
  ],
  'nodes failed while a probe passes': [
    nodes(0, 3),
    [history('a', '+'), history('b', '+xxx')],
    'Degraded',
    '0 of 3 nodes ready, but 1 of 2 probes pass, so users are served; 1 of 2 probes fail (b: connection refused)',
  ],
  'no node left while probes pass': [
    nodes(0, 0),
    [history('a', '+')],
    'Degraded',
    'none of its nodes is left, but 1 of 1 probes pass, so users are served',
  ],
  'slow probes': [nodes(3, 3), [history('a', '++', 501)], 'Degraded', 'probes take longer than 500ms'],
  'our own resolver fails': [
    unknown,
    [history('a', 'xxxxx', 10, 'resolver')],
    'Unknown',
    'its probes tell nothing yet (a: connection refused)',
  ],
};

const failed = (reason: ProbeFailureReason) =>
  ({ kind: 'failed', latency: millis(1), reason, message: reason }) as const;
const judge = (probe: ProbeHistory) => judgeZone({ name: 'z', nodes: unknown, probes: [probe] }, rules).state;

describe('a zone is judged', () => {
  for (const [name, [seenNodes, probes, state, message]] of Object.entries(cases)) {
    test(`${state} with ${name}`, () => {
      expect(judgeZone({ name: 'z', nodes: seenNodes, probes }, rules)).toMatchObject({ state, message });
    });
  }

  test('a threshold of 0 % never fails a zone by its nodes', () => {
    const lenient = { ...rules, minReadyPercent: 0 };
    expect(judgeZone({ name: 'z', nodes: nodes(0, 3), probes: [] }, lenient).state).toBe('Degraded');
    expect(judgeZone({ name: 'z', nodes: nodes(0, 0), probes: [] }, lenient).state).toBe('Degraded');
  });

  test('one slow answer in twenty is within the 95th percentile', () => {
    let probe = history('a', '+', 9_000);
    for (let passes = 0; passes < 19; passes += 1)
      probe = remember('a', probe, { kind: 'passed', latency: millis(10) });
    const verdict = judgeZone({ name: 'z', nodes: none, probes: [probe] }, rules);
    expect(verdict).toMatchObject({ state: 'Healthy', probes: { latency: 10 } });
  });

  test('failures of our own resolver neither count nor are forgiven', () => {
    let probe = history('a', '+');
    for (const reason of ['refused', 'resolver', 'resolver', 'refused'] as const)
      probe = remember('a', probe, failed(reason));
    expect(judge(probe)).toBe('Healthy');
    expect(judge(remember('a', probe, failed('refused')))).toBe('Failed');
  });
});
