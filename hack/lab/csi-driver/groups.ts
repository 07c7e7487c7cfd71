/** The driver's answers about snapshots of several volumes at one instant. */
import { z } from 'zod';
import { cut } from './cut.ts';
import type { Deps, Handlers } from './deps.ts';
import { CsiError } from './errors.ts';
import { isReady } from './faults.ts';
import { snapshotMessage, timestamp } from './snapshots.ts';
import { type Group, idOf } from './state.ts';
import { volumeOf } from './volumes.ts';

const createSchema = z.object({ name: z.string().min(1), source_volume_ids: z.array(z.string()).min(1) });
const groupIdSchema = z.object({ group_snapshot_id: z.string() });

export function groupHandlers(deps: Deps): Handlers {
  const { groups, snapshots } = deps.backend;
  return {
    GroupControllerGetCapabilities: async () => ({
      capabilities: [{ rpc: { type: 'CREATE_DELETE_GET_VOLUME_GROUP_SNAPSHOT' } }],
    }),
    CreateVolumeGroupSnapshot: async (request) => {
      const { name, source_volume_ids: volumeIds } = createSchema.parse(request);
      const id = idOf('group', name);
      return deps.inTurn(id, async () => answer(deps, groups.get(id) ?? (await take(deps, id, volumeIds))));
    },
    GetVolumeGroupSnapshot: async (request) => {
      const { group_snapshot_id: id } = groupIdSchema.parse(request);
      const group = groups.get(id);
      if (group === undefined) throw new CsiError('NOT_FOUND', `there is no group snapshot ${id}`);
      return answer(deps, group);
    },
    DeleteVolumeGroupSnapshot: async (request) => {
      const { group_snapshot_id: id } = groupIdSchema.parse(request);
      return deps.inTurn(id, async () => {
        for (const snapshotId of groups.get(id)?.snapshotIds ?? []) snapshots.remove(snapshotId);
        groups.remove(id);
        return {};
      });
    },
  };
}

/** One cut through all volumes. The group's record comes last: without it the snapshots are those of a failed attempt. */
async function take(deps: Deps, id: string, volumeIds: readonly string[]): Promise<Group> {
  const { groups, snapshots, volumes } = deps.backend;
  const found = volumeIds.map((volumeId) => volumeOf(deps, volumeId));
  const taken = cut(
    found.map((volume) => volumes.data(volume.id)),
    deps.now,
  );
  try {
    const members = found.map((volume) => ({
      id: idOf('snap', `${id}/${volume.id}`),
      volumeId: volume.id,
      sizeBytes: volume.sizeBytes,
      cutAt: taken.at,
      groupId: id,
    }));
    for (const [index, member] of members.entries()) {
      snapshots.remove(member.id);
      await snapshots.publish(member, (data) => taken.copy(index, data));
    }
    const group = { id, snapshotIds: members.map((member) => member.id), cutAt: taken.at };
    await groups.publish(group, async () => undefined);
    return group;
  } finally {
    taken.close();
  }
}

/** A group of which a snapshot vanished is told without it. */
function answer(deps: Deps, group: Group): object {
  const members = group.snapshotIds.flatMap((id) => deps.backend.snapshots.get(id) ?? []);
  return {
    group_snapshot: {
      group_snapshot_id: group.id,
      snapshots: members.map((snapshot) => snapshotMessage(deps, snapshot)),
      creation_time: timestamp(group.cutAt),
      ready_to_use: isReady(deps.faults(), group.cutAt, deps.now()),
    },
  };
}
