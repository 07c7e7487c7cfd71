/**
 * The source as a capture sees it through the mirror: what is cached where that
 * is proven to be young enough, and the API for everything else. It remembers
 * what it was asked, so that the same can be asked again, and knows as of which
 * moment the whole of it was true: the oldest of its parts.
 */
import type { KubeObject } from '../../../api/object.ts';
import { kindName } from '../../../domain/graph/kinds.ts';
import type { Clock, Millis, Tick } from '../../../domain/time.ts';
import type { ResourceType } from '../../../kube/cluster.ts';
import { inParallel } from '../parallel.ts';
import type { Mirror } from './mirror.ts';
import { areSame, check, contentOf, isFresh, objectOf, type Part } from './mirror-kind.ts';
import { type Kinds, kindsOf, listOptions, type SeenKey, type SeenList, type Sight, slim } from './sight.ts';

/** Something that was read, and what was there. */
export interface Read extends Part {
  /** None when a single object was looked for and is not there. */
  readonly found: readonly KubeObject[];
}

export interface MirrorSight extends Sight {
  /** Everything read was true at this moment, or has changed since. */
  asOf(): Tick;
  /** What was read, each part once. */
  reads(): readonly Read[];
}

export interface SightOptions {
  /** Old enough to be asked for anew; 0: everything is asked for. */
  readonly freshness: Millis;
  readonly clock: Clock;
}

/** Reads on behalf of more calls than one at once: as the capture itself. */
const PARALLEL = 8;

/** @throws KubeError */
export async function mirrorSight(
  mirror: Mirror,
  options: SightOptions,
  signal: AbortSignal,
): Promise<MirrorSight> {
  const begun = options.clock.tick();
  const kinds = await kindsOf(mirror.cluster, signal);
  const looking: Looking = { ...options, mirror, asked: new Map(), reads: new Map(), asOf: begun };
  return {
    kinds,
    list: (type, namespace, listSignal) =>
      once(looking, { type, namespace, name: undefined }, () => list(looking, type, namespace, listSignal)),
    get: async (type, key, getSignal) => {
      const part = { type, namespace: key.namespace, name: key.name };
      const seen = await once(looking, part, () => get(looking, type, key, getSignal));
      return seen.items[0];
    },
    asOf: () => looking.asOf,
    reads: () => [...looking.reads.values()],
  };
}

interface Looking extends SightOptions {
  readonly mirror: Mirror;
  readonly asked: Map<string, Promise<SeenList>>;
  readonly reads: Map<string, Read>;
  asOf: Tick;
}

export const partKey = ({ type, namespace = '', name = '' }: Part): string =>
  `${kindName(type.group, type.kind)} ${namespace} ${name}`;

/** Reads a part the first time it is asked for: one look is of one moment. */
function once(looking: Looking, part: Part, read: () => Promise<SeenList>): Promise<SeenList> {
  const key = partKey(part);
  const known = looking.asked.get(key);
  if (known !== undefined) return known;
  const asked = read().then((seen) => {
    looking.reads.set(key, { ...part, found: seen.items });
    return seen;
  });
  looking.asked.set(key, asked);
  return asked;
}

async function list(
  looking: Looking,
  type: ResourceType,
  namespace: string | undefined,
  signal: AbortSignal,
): Promise<SeenList> {
  const { mirror, clock, freshness } = looking;
  const kind = mirror.kind({ type, namespace, name: undefined });
  const proven = kind && mirror.trueAt(kind, namespace);
  const position = kind?.informer.position();
  if (kind !== undefined && position !== undefined && isFresh(proven, clock.tick(), freshness)) {
    notLaterThan(looking, proven);
    return { items: contentOf(kind, namespace), resourceVersion: position };
  }
  const before = clock.tick();
  const listed = await mirror.cluster.list(type, listOptions(namespace), signal);
  notLaterThan(looking, before);
  return kind === undefined ? listed : check(kind, namespace, listed, before);
}

/** As a list of one or none. */
async function get(
  looking: Looking,
  type: ResourceType,
  key: SeenKey,
  signal: AbortSignal,
): Promise<SeenList> {
  const { mirror, clock, freshness } = looking;
  const kind = mirror.kind({ type, namespace: key.namespace, name: key.name });
  const proven = kind && mirror.trueAt(kind, key.namespace);
  if (kind !== undefined && isFresh(proven, clock.tick(), freshness)) {
    notLaterThan(looking, proven);
    return single(objectOf(kind, key));
  }
  const before = clock.tick();
  const object = await mirror.cluster.get(type, key, signal);
  notLaterThan(looking, before);
  return single(object && slim(object));
}

const single = (object: KubeObject | undefined): SeenList => ({
  items: object === undefined ? [] : [object],
  resourceVersion: '',
});

function notLaterThan(looking: Looking, moment: Tick): void {
  if (moment < looking.asOf) looking.asOf = moment;
}

/** Whether what was read before is all the same now. @throws KubeError */
export async function areUnchanged(
  reads: readonly Read[],
  sight: Sight,
  signal: AbortSignal,
): Promise<boolean> {
  const same = await inParallel(reads, PARALLEL, async ({ type, namespace, name, found }) => {
    if (name === undefined) return areSame(found, (await sight.list(type, namespace, signal)).items);
    const object = await sight.get(type, namespace === undefined ? { name } : { namespace, name }, signal);
    return areSame(found, object === undefined ? [] : [object]);
  });
  return same.every((one) => one);
}

/** The kinds a source serves, and does not, as text: another text means that other kinds are to be looked for. */
export function kindsText({ all, failed }: Kinds): string {
  return JSON.stringify([all.map(({ verbs, ...type }) => ({ ...type, verbs: verbs.toSorted() })), failed]);
}
