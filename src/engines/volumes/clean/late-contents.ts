/**
 * Contents that may still come to snapshots which were removed before they had
 * one: a controller makes it of the snapshot as it saw it a moment ago, by the
 * policy of its class. One that says Retain would stay with its data, with no
 * mark on it. It can only be found by its name, which has the uid of the snapshot.
 */
import { between, type Clock, minutes, type Tick } from '../../../domain/time.ts';

/** Much longer than a controller acts on what it has seen. */
const MAY_COME_FOR = minutes(60);

export interface LateContents {
  /** @param content the name it would have */
  note(cluster: string, content: string): void;
  /** Names of those that may come still. */
  of(cluster: string): readonly string[];
  /** It has come, and is taken care of. */
  forget(cluster: string, content: string): void;
}

export function lateContents(clock: Pick<Clock, 'tick'>): LateContents {
  const noted = new Map<string, Map<string, Tick>>();
  return {
    note: (cluster, content) => {
      noted.set(cluster, (noted.get(cluster) ?? new Map<string, Tick>()).set(content, clock.tick()));
    },
    of: (cluster) => {
      const names = noted.get(cluster) ?? new Map<string, Tick>();
      for (const [name, since] of names) if (between(since, clock.tick()) >= MAY_COME_FOR) names.delete(name);
      return [...names.keys()];
    },
    forget: (cluster, content) => void noted.get(cluster)?.delete(content),
  };
}
