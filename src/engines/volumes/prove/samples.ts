/**
 * When the next claim of a scenario is to be restored to see that it can be, and
 * what stands until then. What a sample has shown holds until another one shows
 * better: that nothing could be restored is not over because time has passed.
 * Lost with the process, and then the first point is sampled.
 */
import { between, type Clock, type Millis, millis, minutes, type Tick } from '../../../domain/time.ts';
import type { Sampled } from './sample.ts';

/** A sample costs a whole volume in the recovery region, for a moment. */
const SAMPLE_EVERY = minutes(60);
/** What could not be tried may have taken all the time there was for it: not at every capture. */
const TRY_AGAIN = minutes(10);

export interface Samples {
  /** How many were filled, which says whose turn it is; undefined while none is due. */
  due(scenario: string): number | undefined;
  ended(scenario: string, sampled: Sampled): void;
  /** What the samples until now have shown; undefined when there was none. */
  standing(scenario: string): Sampled | undefined;
  forget(scenario: string): void;
}

interface Known {
  /** Samples that were filled. */
  readonly turn: number;
  readonly at: Tick;
  readonly standing: Sampled;
}

export function createSamples(clock: Pick<Clock, 'tick'>): Samples {
  const known = new Map<string, Known>();
  return {
    due: (scenario) => {
      const last = known.get(scenario);
      if (last === undefined) return 0;
      return between(last.at, clock.tick()) < pauseAfter(last.standing) ? undefined : last.turn;
    },
    ended: (scenario, sampled) => {
      const { turn, standing } = known.get(scenario) ?? { turn: 0, standing: undefined };
      const stays = sampled.kind === 'unknown' && standing?.kind === 'failed';
      known.set(scenario, {
        // The same claim again, until it is seen that it can be restored.
        turn: sampled.kind === 'filled' ? turn + 1 : turn,
        at: clock.tick(),
        standing: stays ? standing : sampled,
      });
    },
    standing: (scenario) => known.get(scenario)?.standing,
    forget: (scenario) => void known.delete(scenario),
  };
}

/** No point counts while a failure stands, so that what was mended is to be seen with the next one. */
function pauseAfter({ kind }: Sampled): Millis {
  switch (kind) {
    case 'filled':
      return SAMPLE_EVERY;
    case 'unknown':
      return TRY_AGAIN;
    case 'failed':
      return millis(0);
  }
}
