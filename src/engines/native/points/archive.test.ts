import { buffer } from 'node:stream/consumers';
import { gunzipSync, gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { extract, pack } from 'tar-stream';
import { expect, test } from 'vitest';
import { objectKey } from '../../../api/object.ts';
import { PointDamagedError } from '../../engine.ts';
import { type ArchivedObject, readArchive, writeArchive } from './archive.ts';

const secret = (name: string, data: Record<string, string>): ArchivedObject => ({
  object: {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name, namespace: 'shop', resourceVersion: '7' },
    data,
  },
  type: { resource: 'secrets', version: 'v1' },
});
const role: ArchivedObject = {
  object: { apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata: { name: 'reader' } },
  type: { resource: 'clusterroles', version: 'v1' },
};

async function entries(
  archive: Uint8Array,
): Promise<Map<string, { mode: number | undefined; text: string }>> {
  const found = new Map<string, { mode: number | undefined; text: string }>();
  const tar = extract();
  tar.end(gunzipSync(archive));
  for await (const entry of tar) {
    let text = '';
    for await (const chunk of entry) text += String(chunk);
    found.set(entry.header.name, { mode: entry.header.mode, text });
  }
  return found;
}

test('what was archived is read back unchanged, whatever its text', async () => {
  const name = fc.stringMatching(/^[a-z0-9]([-a-z0-9.]{0,200}[a-z0-9])?$/);
  const objects = fc.uniqueArray(fc.record({ name, data: fc.dictionary(fc.string(), fc.string()) }), {
    selector: (entry) => entry.name,
    maxLength: 8,
  });
  await fc.assert(
    fc.asyncProperty(objects, async (made) => {
      const input = made.map(({ name: secretName, data }) => secret(secretName, { ...data }));
      const output = await readArchive(await writeArchive(input));
      expect([...output.keys()].toSorted()).toEqual(input.map(({ object }) => objectKey(object)).toSorted());
      for (const { object } of input)
        expect(output.get(objectKey(object))).toEqual(JSON.parse(JSON.stringify(object)));
    }),
    { numRuns: 40 },
  );
});

test('the same objects in any order give the same bytes', async () => {
  const forwards = await writeArchive([secret('a', { x: '1' }), role, secret('b', {})]);
  const backwards = await writeArchive([secret('b', {}), secret('a', { x: '1' }), role]);
  expect(Buffer.compare(Buffer.from(forwards), Buffer.from(backwards))).toBe(0);
});

test("the archive has Velero's paths, duplicates and modes", async () => {
  const found = await entries(await writeArchive([secret('db', { password: 'x' }), role]));
  expect([...found.keys()]).toEqual([
    'metadata/version',
    'resources/clusterroles.rbac.authorization.k8s.io/cluster/reader.json',
    'resources/clusterroles.rbac.authorization.k8s.io/v1-preferredversion/cluster/reader.json',
    'resources/secrets/namespaces/shop/db.json',
    'resources/secrets/v1-preferredversion/namespaces/shop/db.json',
  ]);
  expect(found.get('metadata/version')?.text).toBe('1.1.0\n');
  for (const { mode } of found.values()) expect(mode).toBe(0o755);
});

test('2,000 objects are archived and read back', async () => {
  const input = Array.from({ length: 2000 }, (_, index) => secret(`s-${index}`, { value: 'x'.repeat(500) }));
  expect((await readArchive(await writeArchive(input))).size).toBe(2000);
});

test('bytes that are no archive, or a cut-off one, are reported as damage', async () => {
  const whole = await writeArchive([secret('db', { password: 'hunter2' })]);
  await expect(readArchive(Buffer.from('not gzip'))).rejects.toThrow(PointDamagedError);
  await expect(readArchive(whole.slice(0, whole.length - 20))).rejects.toThrow(PointDamagedError);
});

test('a damaged object is named without quoting its text', async () => {
  const tar = pack();
  tar.entry({ name: 'resources/secrets/namespaces/shop/db.json' }, '{"data":{"password":"hunter2"');
  tar.finalize();
  const error: unknown = await readArchive(gzipSync(await buffer(tar))).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(PointDamagedError);
  expect(String(error)).toContain('resources/secrets/namespaces/shop/db.json');
  expect(JSON.stringify([String(error), (error as Error).cause])).not.toContain('hunter2');
});
