/** Whatever clusters, stores and commands say, and at whatever length, the API server takes the status that tells it. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { drScenarioStatus } from '../../api/v1alpha1/dr-scenario.ts';
import { nothingRemembered } from '../../domain/protection/capture-memory.ts';
import { instant, millis, type Tick } from '../../domain/time.ts';
import { decide } from './decide.ts';
import { statusFor } from './status.ts';
import { anExecution, aRegion, aWorld } from './testing/world.ts';

const now = { tick: 0 as Tick, instant: instant(Date.parse('2026-03-01T12:00:00Z')) };
const anyText = fc.nat({ max: 12_000 }).map((length) => 'E'.repeat(length));

it('is within its schema, however long the messages are that it is made from', () => {
  fc.assert(
    fc.property(anyText, anyText, fc.boolean(), (message, problem, hasExecution) => {
      const regions = new Map(aWorld().regions).set(
        'eu-west',
        aRegion('eu-west-1', { verdict: 'Failed', since: now.instant, message }),
      );
      const world = aWorld({
        spec: { failover: { mode: 'Automatic' } },
        regions,
        executions: hasExecution ? [anExecution('x', { phase: 'Failed', message })] : [],
      });
      const decision = decide(world, nothingRemembered, now);
      const finding = { object: message, reason: 'RecoveryRefuses' as const, message, remedy: problem };
      const findings = [finding, finding, finding];
      const outcome = {
        capture: {
          kind: 'failed' as const,
          reason: 'CaptureFailed' as const,
          message,
          offer: { points: [], problem },
          judged: { generation: 2, refused: { reason: 'InvalidRule' as const, message } },
          startedAt: now.tick,
          took: millis(1),
        },
        announcements: [{ hostname: 'shop.example.com', problem }],
        feasibility: {
          verdict: { status: 'False' as const, reason: 'RecoveryRefuses' as const, message, findings },
          forecast: undefined,
          recovery: { kind: 'not-rehearsed' as const, message },
        },
        replication: { kind: 'idle' as const },
      };

      const status = statusFor(world, decision, outcome, now.instant);

      expect(drScenarioStatus.safeParse(JSON.parse(JSON.stringify(status))).error).toBeUndefined();
    }),
    { numRuns: 50 },
  );
});
