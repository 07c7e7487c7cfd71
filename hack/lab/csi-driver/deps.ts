/** What every part of the driver works with, and the form of its answers. */
import type { Faults } from './faults.ts';
import type { Backend } from './state.ts';
import type { InTurn } from './turns.ts';

export interface Deps {
  readonly backend: Backend;
  readonly inTurn: InTurn;
  /** The faults of this moment. */
  readonly faults: () => Faults;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Where all volumes are reachable from; undefined: everywhere, and the driver does not speak of it. */
  readonly topology: Readonly<Record<string, string>> | undefined;
}

/**
 * One for each call of a service, by its name in csi.proto. Fields of requests
 * and answers are named as there. Throws CsiError to refuse.
 */
export type Handlers = Readonly<Record<string, (request: unknown) => Promise<object>>>;
