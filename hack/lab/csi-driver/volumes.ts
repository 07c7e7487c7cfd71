/** The driver's answers about volumes: made empty, from a snapshot or from another volume; grown; deleted. */
import { z } from 'zod';
import { cut } from './cut.ts';
import type { Deps, Handlers } from './deps.ts';
import { CsiError } from './errors.ts';
import { idOf, type Volume, volumeSchema } from './state.ts';

const DEFAULT_SIZE_BYTES = 2 ** 30;

const rangeSchema = z.object({ required_bytes: z.number() }).nullish();
const createSchema = z.object({
  name: z.string().min(1),
  capacity_range: rangeSchema,
  volume_content_source: volumeSchema.shape.source.unwrap().nullish(),
});
const volumeIdSchema = z.object({ volume_id: z.string() });
const validateSchema = volumeIdSchema.extend({ volume_capabilities: z.array(z.unknown()) });
const expandSchema = volumeIdSchema.extend({ capacity_range: rangeSchema });

export function volumeHandlers(deps: Deps): Handlers {
  const { volumes } = deps.backend;
  return {
    CreateVolume: async (request) => {
      const { name, capacity_range: range, volume_content_source: source } = createSchema.parse(request);
      const id = idOf('vol', name);
      const sizeBytes = range?.required_bytes || DEFAULT_SIZE_BYTES;
      return deps.inTurn(id, async () => {
        const existing = volumes.get(id);
        if (existing !== undefined && existing.sizeBytes < sizeBytes) {
          throw new CsiError('ALREADY_EXISTS', `volume ${name} exists with ${existing.sizeBytes} bytes`);
        }
        const volume = existing ?? { id, sizeBytes, ...(source ? { source } : {}) };
        if (existing === undefined) await volumes.publish(volume, (data) => fill(deps, volume, data));
        return { volume: messageOf(deps, volume) };
      });
    },
    DeleteVolume: async (request) => {
      const { volume_id: id } = volumeIdSchema.parse(request);
      return deps.inTurn(id, async () => {
        volumes.remove(id);
        return {};
      });
    },
    ValidateVolumeCapabilities: async (request) => {
      const { volume_id: id, volume_capabilities } = validateSchema.parse(request);
      volumeOf(deps, id);
      return { confirmed: { volume_capabilities } };
    },
    ListVolumes: async () => ({
      entries: volumes.list().map((volume) => ({ volume: messageOf(deps, volume) })),
    }),
    ControllerExpandVolume: async (request) => {
      const { volume_id: id, capacity_range: range } = expandSchema.parse(request);
      return deps.inTurn(id, async () => {
        const volume = volumeOf(deps, id);
        const sizeBytes = Math.max(volume.sizeBytes, range?.required_bytes ?? 0);
        volumes.update({ ...volume, sizeBytes });
        return { capacity_bytes: sizeBytes, node_expansion_required: false };
      });
    },
  };
}

/** @throws CsiError 'NOT_FOUND' */
export function volumeOf(deps: Deps, id: string): Volume {
  const volume = deps.backend.volumes.get(id);
  if (volume === undefined) throw new CsiError('NOT_FOUND', `there is no volume ${id}`);
  return volume;
}

async function fill(deps: Deps, { source }: Volume, data: string): Promise<void> {
  if (source === undefined) return;
  if ('snapshot' in source) return fillFromSnapshot(deps, source.snapshot.snapshot_id, data);
  const original = volumeOf(deps, source.volume.volume_id);
  await copyInto(deps, deps.backend.volumes.data(original.id), data);
}

/** A snapshot that goes away meanwhile fails the whole volume, which then never appears. */
async function fillFromSnapshot(deps: Deps, id: string, data: string): Promise<void> {
  const { snapshots } = deps.backend;
  const isThere = () => snapshots.get(id) !== undefined;
  if (!isThere()) throw new CsiError('NOT_FOUND', `there is no snapshot ${id}`);
  await copyInto(deps, snapshots.data(id), data, () => {
    if (deps.faults().deleteWhileRestoring === true) snapshots.remove(id);
  });
  if (!isThere()) throw new CsiError('NOT_FOUND', `snapshot ${id} was deleted while it was restored`);
}

async function copyInto(deps: Deps, from: string, to: string, begun: () => void = () => {}): Promise<void> {
  const taken = cut([from], deps.now);
  try {
    begun();
    await taken.copy(0, to);
  } finally {
    taken.close();
  }
}

function messageOf(deps: Deps, volume: Volume): object {
  return {
    volume_id: volume.id,
    capacity_bytes: volume.sizeBytes,
    volume_context: { path: deps.backend.volumes.data(volume.id) },
    content_source: volume.source,
    accessible_topology: deps.topology === undefined ? [] : [{ segments: deps.topology }],
  };
}
