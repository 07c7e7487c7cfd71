/** Which of the captures that are due goes first: when the point in force expires, and how long the next one takes. Pure. */
import type { CaptureMemory } from '../../../domain/protection/capture-memory.ts';
import { claimOf, type Length, lengthOf } from '../../../domain/protection/earliest-deadline.ts';
import { currentAsOf } from '../../../domain/protection/point-age.ts';
import {
  elapsed,
  fromRfc3339,
  type Instant,
  type Millis,
  millis,
  type Tick,
  tick,
} from '../../../domain/time.ts';
import type { ScenarioWorld } from '../world.ts';

export function rankOf(
  world: ScenarioWorld,
  memory: CaptureMemory,
  rpo: Millis,
  now: { readonly tick: Tick; readonly instant: Instant },
): { readonly deadline: Tick; readonly length: Length } {
  const expires = tick(now.tick + rpo - ageOfPoint(world, rpo, now.instant));
  return { deadline: claimOf(memory, rpo, expires), length: expectedLength(world, memory) };
}

/** For who goes first only: wall clocks will do. Without a point: as if the RPO had been broken from the beginning. */
function ageOfPoint({ object, parsed }: ScenarioWorld, rpo: Millis, now: Instant): Millis {
  const { recoveryPoint } = parsed.status;
  const current = recoveryPoint === undefined ? undefined : currentAsOf(recoveryPoint);
  // One that is dated ahead of now is not to put off the next, which shows how old it is.
  if (current !== undefined) return millis(Math.max(0, elapsed(current, now)));
  const created = fromRfc3339(object.metadata.creationTimestamp ?? '') ?? now;
  return millis(rpo + Math.max(0, elapsed(created, now)));
}

/** Before this process has made an attempt, what an earlier one has measured. */
function expectedLength({ parsed }: ScenarioWorld, { last, durations }: CaptureMemory): Length {
  if (last !== undefined) return lengthOf(last.took, durations);
  const { lastDurationMillis, lastCaptureMillis } = parsed.status.replication ?? {};
  const known = lastCaptureMillis === undefined ? [] : [millis(lastCaptureMillis)];
  return lengthOf(lastDurationMillis === undefined ? undefined : millis(lastDurationMillis), known);
}
