/** What a standby is made from, and what is said of it after a look. */
import type { Cluster } from '../../../kube/cluster.ts';
import type { Log } from '../../../kube/log.ts';
import type { ScenarioIdentity } from '../../engine.ts';
import type { TransformedPoint } from '../../transformed-point.ts';

export interface Difference {
  readonly object: string;
  readonly message: string;
}

export interface StandbyReport {
  /** Objects of the point. */
  readonly objects: number;
  /** In standby as wished, when this was looked at last. */
  readonly applied: number;
  /** By why: how many. */
  readonly heldBack: ReadonlyMap<string, number>;
  /** Changed by others and put right, with the fields. */
  readonly repaired: readonly Difference[];
  /** Keys of what was removed. */
  readonly pruned: readonly string[];
  /** What is not as wished, and why. */
  readonly differences: readonly Difference[];
  /** Objects of somebody else under the same names. With any, nothing was touched. */
  readonly collisions: readonly Difference[];
  /** Keys of objects that an execution has put to work: left alone. */
  readonly inUse: readonly string[];
  /** Kinds that the cluster may have something of: to be looked at the next time. */
  readonly kinds: ReadonlySet<string>;
}

export interface Standby {
  /** As it is to be in the recovery region. */
  readonly point: TransformedPoint;
  readonly scenario: ScenarioIdentity;
  readonly target: Cluster;
  readonly log: Log;
  /** Kinds of earlier standbys; undefined when that is not known: then every kind is looked at. */
  readonly kinds: ReadonlySet<string> | undefined;
}
