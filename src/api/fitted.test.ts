import fc from 'fast-check';
import { expect, it } from 'vitest';
import { z } from 'zod';
import { cut, fitted } from './fitted.ts';
import { drExecutionStatus } from './v1alpha1/dr-execution.ts';
import { drScenarioStatus } from './v1alpha1/dr-scenario.ts';
import { regionHealthStatus } from './v1alpha1/region-health.ts';

const time = '2026-03-01T12:00:00Z';
const anyText = fc
  .tuple(fc.constantFrom('E', '🦌', 'é'), fc.nat({ max: 9000 }))
  .map(([one, times]) => one.repeat(times));

it('leaves a status as it is when all its texts have room', () => {
  const status = { phase: 'Protected' as const, replication: { lastMessage: 'all well' } };

  expect(fitted(drScenarioStatus, status)).toEqual(status);
});

it('cuts a text that is too long, and shows that it did', () => {
  const { replication } = fitted(drScenarioStatus, { replication: { lastMessage: 'E'.repeat(5000) } });

  expect(replication?.lastMessage).toBe(`${'E'.repeat(4095)}…`);
});

it('cuts no name, time or fixed value: it would mean another one', () => {
  const schema = z.object({
    name: z
      .string()
      .regex(/^[a-z]+$/)
      .max(3),
    kind: z.enum(['Failover']),
  });

  const strange = { name: 'toolong', kind: 'Failover' as const };

  expect(fitted(schema, strange)).toEqual(strange);
});

it('cuts no character in halves', () => {
  expect(cut(`${'a'.repeat(8)}🦌b`, 10)).toBe(`${'a'.repeat(8)}…`);
  expect(cut(`${'a'.repeat(7)}🦌bc`, 10)).toBe(`${'a'.repeat(7)}🦌…`);
});

it('makes of texts of any length a status that is within its schema', () => {
  fc.assert(
    fc.property(anyText, (message) => {
      const conditions = [
        { type: 'Replicated', status: 'False' as const, lastTransitionTime: time, reason: 'Why', message },
      ];
      const region = {
        message,
        observations: [
          { observer: 'a', sequence: 1, verdict: 'Failed' as const, controlPlaneReachable: false, message },
        ],
        conditions,
      };
      const steps = [
        { id: 'report', kind: 'Report' as const, phase: 'Failed' as const, message, notes: [message] },
      ];

      expect(drScenarioStatus.safeParse(fitted(drScenarioStatus, { conditions })).success).toBe(true);
      expect(regionHealthStatus.safeParse(fitted(regionHealthStatus, region)).success).toBe(true);
      const execution = fitted(drExecutionStatus, { message, steps, conditions });
      expect(drExecutionStatus.safeParse(execution).success).toBe(true);
    }),
    { numRuns: 30 },
  );
});
