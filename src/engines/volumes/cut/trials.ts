/**
 * What this process has found out about which region reads whose snapshots, and
 * what is to be looked at again from time to time.
 * Lost with the process, and then learnt from the newest point or by another
 * trial. A refusal is tried again from time to time: storage can be connected
 * later. A success stays: that a region reads nothing today must fail the
 * capture, not make it go on without data.
 */
import { between, type Clock, minutes, type Tick } from '../../../domain/time.ts';
import type { HandlesRead } from '../../../domain/volumes/strategy.ts';
import { type LateContents, lateContents } from '../clean/late-contents.ts';

/** What is frozen for a capture is so for as long as a group is waited for. */
const ASK_FOR_GROUPS_AGAIN = minutes(60);
/** One trial costs a snapshot of each claim of the driver. */
const TRY_AGAIN = minutes(10);

export interface Pair {
  /** Names of the regions. */
  readonly source: string;
  readonly recovery: string;
}

export interface Trials {
  /** Whether groups of a driver are worth asking for in a region: not when none was cut a while ago. */
  cutsGroups(source: string, driver: string): boolean;
  learnNoGroups(source: string, driver: string): void;
  readonly lateContents: LateContents;
  of(pair: Pair, driver: string): HandlesRead;
  learn(pair: Pair, driver: string, found: Exclude<HandlesRead, { kind: 'untried' }>): void;
  /** Whether claims without data are to be looked at again although nothing else has changed; notes that they are. */
  isDue(scenario: string): boolean;
}

export function createTrials(clock: Pick<Clock, 'tick'>): Trials {
  const known = new Map<string, { readonly found: HandlesRead; readonly since: Tick }>();
  const keyOf = ({ source, recovery }: Pair, driver: string) => JSON.stringify([source, recovery, driver]);
  const withoutGroups = new Map<string, Tick>();
  const looked = new Map<string, Tick>();
  return {
    isDue: (scenario) => {
      const [last, now] = [looked.get(scenario), clock.tick()];
      if (last !== undefined && between(last, now) < TRY_AGAIN) return false;
      looked.set(scenario, now);
      return true;
    },
    of: (pair, driver) => {
      const trial = known.get(keyOf(pair, driver));
      if (trial === undefined) return { kind: 'untried' };
      const isOld = trial.found.kind === 'no' && between(trial.since, clock.tick()) >= TRY_AGAIN;
      return isOld ? { kind: 'untried' } : trial.found;
    },
    learn: (pair, driver, found) => {
      known.set(keyOf(pair, driver), { found, since: clock.tick() });
    },
    lateContents: lateContents(clock),
    cutsGroups: (source, driver) => {
      const since = withoutGroups.get(JSON.stringify([source, driver]));
      return since === undefined || between(since, clock.tick()) >= ASK_FOR_GROUPS_AGAIN;
    },
    learnNoGroups: (source, driver) => {
      withoutGroups.set(JSON.stringify([source, driver]), clock.tick());
    },
  };
}
