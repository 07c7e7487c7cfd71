/**
 * The data that is on its way for one Backup or Restore, as the records of the
 * data mover tell. A mover is a program of its own, and Velero waits for it for
 * hours without a word: which claim is waited for, and that nobody works on it,
 * is found here.
 */
import { textAt } from '../../api/fields.ts';
import type { KubeObject } from '../../api/object.ts';
import type { Cluster } from '../../kube/cluster.ts';
import { KubeError } from '../../kube/errors.ts';
import { GROUP, labelValue } from './settings.ts';

/** As Velero's v2alpha1 kinds have it. */
interface Move {
  /** `namespace/name`. */
  readonly claim: string;
  readonly mover: string;
  readonly state: 'untaken' | 'moving' | 'ended';
  /** Of the Backup or Restore it is for, as a label. */
  readonly of: string | undefined;
}

export interface Moved {
  readonly kind: 'Backup' | 'Restore';
  readonly namespace: string;
  readonly name: string;
}

/**
 * What is waited for.
 * @returns undefined when nothing is, or when that cannot be seen
 * @throws KubeError
 */
export async function describeMoves(
  of: Moved,
  cluster: Cluster,
  signal: AbortSignal,
): Promise<string | undefined> {
  return describe(openOf(await movesFor(of, cluster, signal), of));
}

/**
 * As describeMoves, when the data mover works on nothing at all.
 * @returns undefined while it does
 * @throws KubeError
 */
export async function idleMoves(
  of: Moved,
  cluster: Cluster,
  signal: AbortSignal,
): Promise<string | undefined> {
  const all = await movesFor(of, cluster, signal);
  const busy = new Set(all.filter(({ state }) => state === 'moving').map(({ mover }) => mover));
  const open = openOf(all, of);
  // One that is busy may have a queue, also of others.
  return open.some(({ mover }) => busy.has(mover)) ? undefined : describe(open);
}

const openOf = (all: readonly Move[], { name }: Moved): readonly Move[] =>
  all.filter((move) => move.of === labelValue(name) && move.state !== 'ended');

/** Named at most. */
const NAMED = 5;

function describe(open: readonly Move[]): string | undefined {
  if (open.length === 0) return undefined;
  const named = open.slice(0, NAMED).map(({ claim, mover, state }) => `${claim} ${sayState(state, mover)}`);
  const rest = open.length > NAMED ? [`and ${open.length - NAMED} more`] : [];
  return [...named, ...rest].join('; ');
}

const sayState = (state: Move['state'], mover: string): string =>
  state === 'untaken'
    ? `is not taken up by the data mover ${mover}: see that it runs`
    : `is moved by the data mover ${mover}`;

async function movesFor(
  { kind, namespace }: Moved,
  cluster: Cluster,
  signal: AbortSignal,
): Promise<readonly Move[]> {
  const type = await cluster.typeFor(
    { group: GROUP, kind: kind === 'Backup' ? 'DataUpload' : 'DataDownload' },
    signal,
  );
  if (type === undefined) return [];
  try {
    return (await cluster.list(type, { namespace }, signal)).items.map((object) => moveOf(object, kind));
  } catch (error) {
    // Without the right to see them, the move itself goes on all the same.
    if (error instanceof KubeError && error.code === 'Forbidden') return [];
    throw error;
  }
}

function moveOf(object: KubeObject, kind: Moved['kind']): Move {
  const [namespace, name] =
    kind === 'Backup'
      ? [textAt(object, 'spec', 'sourceNamespace'), textAt(object, 'spec', 'sourcePVC')]
      : [textAt(object, 'spec', 'targetVolume', 'namespace'), textAt(object, 'spec', 'targetVolume', 'pvc')];
  const named = textAt(object, 'spec', 'datamover') ?? '';
  return {
    claim: `PersistentVolumeClaim/${namespace}/${name}`,
    mover: named === '' ? 'velero' : named,
    state: stateOf(textAt(object, 'status', 'phase') ?? ''),
    of: object.metadata.labels?.[`velero.io/${kind.toLowerCase()}-name`],
  };
}

function stateOf(phase: string): Move['state'] {
  if (phase === '' || phase === 'New') return 'untaken';
  return ['Completed', 'Failed', 'Canceled'].includes(phase) ? 'ended' : 'moving';
}
