/**
 * What the backend holds, as folders: `<id>/record.json` and, for what has
 * contents, `<id>/data`. A folder comes into being by one rename and goes by
 * one, so that whoever looks sees all of it or nothing, a driver that is killed
 * leaves no half, and two drivers on one backend need not know of each other.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

const sourceSchema = z.union([
  z.object({ snapshot: z.object({ snapshot_id: z.string() }) }),
  z.object({ volume: z.object({ volume_id: z.string() }) }),
]);

export const volumeSchema = z.object({
  id: z.string(),
  sizeBytes: z.number(),
  /** What its contents were copied from. */
  source: sourceSchema.optional(),
});
export type Volume = z.infer<typeof volumeSchema>;

export const snapshotSchema = z.object({
  id: z.string(),
  volumeId: z.string(),
  sizeBytes: z.number(),
  /** Milliseconds since 1970: the instant whose state it holds. */
  cutAt: z.number(),
  groupId: z.string().optional(),
});
export type Snapshot = z.infer<typeof snapshotSchema>;

const groupSchema = z.object({
  id: z.string(),
  snapshotIds: z.array(z.string()),
  cutAt: z.number(),
});
export type Group = z.infer<typeof groupSchema>;

export interface Backend {
  readonly volumes: Store<Volume>;
  readonly snapshots: Store<Snapshot>;
  readonly groups: Store<Group>;
}

export interface Store<T> {
  get(id: string): T | undefined;
  list(): readonly T[];
  /** Folder of the contents; it exists when the record does. */
  data(id: string): string;
  /** Makes it visible once `fill` has put the contents into the folder it is given. */
  publish(record: T, fill: (data: string) => Promise<void>): Promise<void>;
  /** Replaces the record of what exists. */
  update(record: T): void;
  /** Nothing happens when it is not there. */
  remove(id: string): void;
}

export function openBackend(directory: string): Backend {
  return {
    volumes: openStore(join(directory, 'volumes'), volumeSchema),
    snapshots: openStore(join(directory, 'snapshots'), snapshotSchema),
    groups: openStore(join(directory, 'groups'), groupSchema),
  };
}

/** The same name gives the same id, in whichever process: a repeated request finds what the first one made. */
export function idOf(prefix: 'vol' | 'snap' | 'group', name: string): string {
  return `${prefix}-${createHash('sha256').update(name).digest('hex').slice(0, 24)}`;
}

const ID = /^(vol|snap|group)-[0-9a-f]{24}$/;
const RECORD = 'record.json';
const DATA = 'data';

/** Ids arrive from outside: one of another shape is not looked up, and so can never be a path. */
function openStore<T extends { readonly id: string }>(directory: string, schema: z.ZodType<T>): Store<T> {
  mkdirSync(directory, { recursive: true });
  const folder = (id: string) => join(directory, id);
  const read = (id: string): T | undefined => {
    if (!ID.test(id)) return undefined;
    const text = readIfThere(join(folder(id), RECORD));
    return text === undefined ? undefined : schema.parse(JSON.parse(text));
  };
  return {
    get: read,
    list: () =>
      readdirSync(directory).flatMap((id) => {
        const record = read(id);
        return record === undefined ? [] : [record];
      }),
    data: (id) => join(folder(id), DATA),
    publish: async (record, fill) => {
      const draft = join(directory, `.draft-${record.id}`);
      rmSync(draft, { recursive: true, force: true });
      mkdirSync(join(draft, DATA), { recursive: true });
      try {
        await fill(join(draft, DATA));
        writeFileSync(join(draft, RECORD), JSON.stringify(record));
        renameSync(draft, folder(record.id));
      } catch (error) {
        rmSync(draft, { recursive: true, force: true });
        throw error;
      }
    },
    update: (record) => {
      const file = join(folder(record.id), RECORD);
      writeFileSync(`${file}.new`, JSON.stringify(record));
      renameSync(`${file}.new`, file);
    },
    remove: (id) => {
      if (!ID.test(id) || !existsSync(folder(id))) return;
      const gone = join(directory, `.gone-${id}`);
      rmSync(gone, { recursive: true, force: true });
      renameSync(folder(id), gone);
      rmSync(gone, { recursive: true, force: true });
    },
  };
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
