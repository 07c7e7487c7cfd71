/** The driver's answers about snapshots of single volumes, and their form, which groups share. */
import { z } from 'zod';
import { cut } from './cut.ts';
import type { Deps, Handlers } from './deps.ts';
import { CsiError } from './errors.ts';
import { isReady } from './faults.ts';
import { idOf, type Snapshot } from './state.ts';
import { volumeOf } from './volumes.ts';

const createSchema = z.object({ name: z.string().min(1), source_volume_id: z.string() });
const snapshotIdSchema = z.object({ snapshot_id: z.string() });
const listSchema = z.object({ snapshot_id: z.string(), source_volume_id: z.string() });

export function snapshotHandlers(deps: Deps): Handlers {
  const { snapshots } = deps.backend;
  return {
    CreateSnapshot: async (request) => {
      const { name, source_volume_id: volumeId } = createSchema.parse(request);
      const id = idOf('snap', name);
      return deps.inTurn(id, async () => {
        const snapshot = snapshots.get(id) ?? (await take(deps, id, volumeId));
        if (snapshot.volumeId !== volumeId) {
          throw new CsiError('ALREADY_EXISTS', `snapshot ${name} exists, of volume ${snapshot.volumeId}`);
        }
        return { snapshot: snapshotMessage(deps, snapshot) };
      });
    },
    DeleteSnapshot: async (request) => {
      const { snapshot_id: id } = snapshotIdSchema.parse(request);
      return deps.inTurn(id, async () => {
        snapshots.remove(id);
        return {};
      });
    },
    ListSnapshots: async (request) => {
      const { snapshot_id: id, source_volume_id: volumeId } = listSchema.parse(request);
      // An empty field asks for all.
      const wanted = snapshots
        .list()
        .filter((snapshot) => id === '' || snapshot.id === id)
        .filter((snapshot) => volumeId === '' || snapshot.volumeId === volumeId);
      return { entries: wanted.map((snapshot) => ({ snapshot: snapshotMessage(deps, snapshot) })) };
    },
  };
}

export function snapshotMessage(deps: Deps, snapshot: Snapshot): object {
  return {
    snapshot_id: snapshot.id,
    source_volume_id: snapshot.volumeId,
    size_bytes: snapshot.sizeBytes,
    creation_time: timestamp(snapshot.cutAt),
    ready_to_use: isReady(deps.faults(), snapshot.cutAt, deps.now()),
    group_snapshot_id: snapshot.groupId ?? '',
  };
}

/** google.protobuf.Timestamp of milliseconds since 1970. */
export function timestamp(milliseconds: number): { readonly seconds: number; readonly nanos: number } {
  return { seconds: Math.floor(milliseconds / 1000), nanos: (milliseconds % 1000) * 1e6 };
}

async function take(deps: Deps, id: string, volumeId: string): Promise<Snapshot> {
  const { sizeBytes } = volumeOf(deps, volumeId);
  const taken = cut([deps.backend.volumes.data(volumeId)], deps.now);
  try {
    const snapshot = { id, volumeId, sizeBytes, cutAt: taken.at };
    await deps.backend.snapshots.publish(snapshot, (data) => taken.copy(0, data));
    return snapshot;
  } finally {
    taken.close();
  }
}
