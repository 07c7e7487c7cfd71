/**
 * The tar.gz of a point, as Velero writes and reads it. The same objects give
 * the same bytes: entries are sorted, times are fixed.
 */
import { Readable, Transform } from 'node:stream';
import { buffer, text } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { createGunzip, createGzip } from 'node:zlib';
import { extract, pack } from 'tar-stream';
import { isFields, textAt } from '../../../api/fields.ts';
import type { KubeObject } from '../../../api/object.ts';
import { objectKey, refOf } from '../../../api/object.ts';
import { PointDamagedError } from '../../engine.ts';
import { withoutManagers } from '../source/sight.ts';
import { archivePaths, isMainPath, VELERO_FORMAT_VERSION } from './layout.ts';

/** An object with what is needed to name it in the archive. */
export interface ArchivedObject {
  readonly object: KubeObject;
  readonly type: { readonly resource: string; readonly version: string };
}

/** Velero's extractor gives parent directories the mode of their files: without x they could not be entered. */
const MODE = 0o755;
const TIME = new Date(0);

/** Objects are turned into text one at a time, so only the compressed whole is ever in memory. */
export async function writeArchive(objects: readonly ArchivedObject[]): Promise<Uint8Array> {
  const tar = pack();
  const gzip = createGzip({ chunkSize: BLOCK });
  // Read to its end, not to that of the pipeline: that is reached before zlib has given out the last bytes.
  const whole = buffer(gzip);
  await Promise.all([whole, addEntries(tar, objects), pipeline(tar, inBlocks(), gzip)]);
  return whole;
}

/** Bytes given to zlib at once: each hand-over costs more than compressing the three small pieces of an entry. */
const BLOCK = 256 * 1024;

function inBlocks(): Transform {
  let block: Buffer[] = [];
  let bytes = 0;
  return new Transform({
    transform(piece: Buffer, _encoding, done) {
      block.push(piece);
      bytes += piece.byteLength;
      if (bytes < BLOCK) return done();
      done(null, Buffer.concat(block));
      block = [];
      bytes = 0;
    },
    flush(done) {
      done(null, Buffer.concat(block));
    },
  });
}

async function addEntries(tar: ReturnType<typeof pack>, objects: readonly ArchivedObject[]): Promise<void> {
  const add = (name: string, content: string): Promise<void> =>
    new Promise((resolve, reject) => {
      tar.entry({ name, mode: MODE, mtime: TIME, type: 'file' }, content, (error) =>
        error === null || error === undefined ? resolve() : reject(error),
      );
    });
  await add('metadata/version', `${VELERO_FORMAT_VERSION}\n`);
  const placed = objects.map((entry) => ({ ...entry, ...archivePaths(refOf(entry.object), entry.type) }));
  for (const { object, path, preferred } of placed.toSorted((a, b) => (a.path < b.path ? -1 : 1))) {
    const json = JSON.stringify(withoutManagers(object));
    await add(path, json);
    await add(preferred, json);
  }
  tar.finalize();
}

/**
 * The objects of an archive, by refKey.
 * @throws PointDamagedError when it is no such archive
 */
export async function readArchive(archive: Uint8Array): Promise<ReadonlyMap<string, KubeObject>> {
  const objects = new Map<string, KubeObject>();
  await eachObject(archive, (object) => objects.set(objectKey(object), object));
  return objects;
}

/**
 * Shows the objects of an archive one after the other, so that one at a time is in memory.
 * @throws PointDamagedError when it is no such archive; what `visit` throws
 */
export async function eachObject(archive: Uint8Array, visit: (object: KubeObject) => unknown): Promise<void> {
  const tar = extract();
  const read = async (): Promise<void> => {
    for await (const entry of tar) {
      const { name } = entry.header;
      if (!isMainPath(name)) {
        entry.resume();
        continue;
      }
      visit(parseObject(name, await text(entry)));
    }
  };
  try {
    await Promise.all([pipeline(Readable.from([archive]), createGunzip({ chunkSize: BLOCK }), tar), read()]);
  } catch (error) {
    if (error instanceof PointDamagedError) throw error;
    throw new PointDamagedError('the archive cannot be unpacked', { cause: error });
  }
}

function parseObject(path: string, json: string): KubeObject {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    // The parser's message quotes the text, which may be a Secret's.
    throw new PointDamagedError(`${path} in the archive is not JSON`);
  }
  if (!isKubeObject(value)) throw new PointDamagedError(`${path} in the archive is no Kubernetes object`);
  return value;
}

function isKubeObject(value: unknown): value is KubeObject {
  return (
    isFields(value) &&
    textAt(value, 'apiVersion') !== undefined &&
    textAt(value, 'kind') !== undefined &&
    textAt(value, 'metadata', 'name') !== undefined
  );
}
