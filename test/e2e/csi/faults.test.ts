/** What the lab's storage does wrong on demand, as a cluster's users see it. */
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { ADD_ON_TIMEOUT_MS } from '../../../hack/harness/add-on.ts';
import { ensureCsi, type LabCsi } from '../../../hack/harness/csi.ts';
import {
  aClaim,
  anImportedSnapshot,
  applyTo,
  aSnapshot,
  untilBound,
  untilReady,
} from '../../../hack/harness/csi-claims.ts';
import { waitFor } from '../../../hack/harness/wait.ts';
import type { Lab, LabCluster } from '../../../hack/lab/types.ts';
import { getLab } from '../lab.ts';

/** Unique, as an attached lab remembers earlier runs. */
const namespace = `csi-faults-${Date.now().toString(36)}`;
const key = (name: string) => ({ namespace, name });
const aNamespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } };

let lab: Lab;
let csi: LabCsi;
beforeAll(async () => {
  lab = await getLab();
  csi = await ensureCsi(lab, { backend: 'shared', progress: (line) => console.log(`lab: ${line}`) });
  await Promise.all([applyTo(lab.source, [aNamespace]), applyTo(lab.recovery, [aNamespace])]);
  await applyTo(lab.source, [aClaim(key('data'))]);
  await untilBound(lab.source, key('data'));
  await writeFile(join(await csi.source.volumePath(namespace, 'data'), 'file'), 'contents');
  await applyTo(lab.source, [aSnapshot(key('base'), 'data')]);
  await untilReady(lab.source, key('base'));
}, ADD_ON_TIMEOUT_MS);
afterEach(() => csi.source.setFaults({}));
afterAll(async () => {
  const away = ['delete', 'namespace', namespace, '--wait=false', '--ignore-not-found'];
  await Promise.all([lab.source.kubectl(away), lab.recovery.kubectl(away)]);
});

test('an error of the backend is told on claim and snapshot, and its end ends it', async () => {
  const message = 'the pool is full';
  csi.source.setFaults({
    error: { calls: ['CreateVolume', 'CreateSnapshot'], code: 'RESOURCE_EXHAUSTED', message },
  });
  await applyTo(lab.source, [aClaim(key('refused')), aSnapshot(key('refused'), 'data')]);

  await Promise.all([
    expectEvent(lab.source, 'refused', message),
    expectSnapshotError(lab.source, 'refused', message),
  ]);
  csi.source.setFaults({});
  await Promise.all([untilBound(lab.source, key('refused')), untilReady(lab.source, key('refused'))]);
});

test('a slow snapshot holds the moment at which it was asked for', async () => {
  csi.source.setFaults({ slow: { calls: ['CreateSnapshot'], milliseconds: 2500 } });
  const asked = Date.now();
  await applyTo(lab.source, [aSnapshot(key('slow'), 'data')]);
  const { cutAt } = await untilReady(lab.source, key('slow'));
  const ready = Date.now();

  expect(cutAt).toBeGreaterThanOrEqual(asked);
  expect(ready - cutAt).toBeGreaterThanOrEqual(2500);
});

test('a snapshot that is never ready is cut all the same, and is ready when the backend is', async () => {
  csi.source.setFaults({ readyAfter: 'never' });
  await applyTo(lab.source, [aSnapshot(key('unready'), 'data')]);
  const status = await waitFor({ what: 'the snapshot to be cut', seconds: 120 }, async () => {
    const read = ['-n', namespace, 'get', 'volumesnapshot/unready', '-o', 'jsonpath={.status}'];
    const text = await lab.source.kubectl(read);
    return text.includes('creationTime') ? text : undefined;
  });
  expect(JSON.parse(status)).toMatchObject({ readyToUse: false });

  csi.source.setFaults({});
  await untilReady(lab.source, key('unready'));
});

test('a handle that never was, and one that vanished, are not ready in the other region', async () => {
  await applyTo(lab.source, [aSnapshot(key('gone'), 'data')]);
  const { handle } = await untilReady(lab.source, key('gone'));
  csi.source.vanish(handle);

  await applyTo(lab.recovery, [
    ...anImportedSnapshot(key('gone'), handle),
    ...anImportedSnapshot(key('never-was'), `snap-${'0'.repeat(24)}`),
  ]);
  await applyTo(lab.source, [aClaim(key('of-gone'), { snapshot: 'gone' })]);

  await Promise.all([
    expectSnapshotError(lab.recovery, 'gone', 'can not find snapshot'),
    expectSnapshotError(lab.recovery, 'never-was', 'can not find snapshot'),
    // The source's own object says that it is ready still.
    expectEvent(lab.source, 'of-gone', `there is no snapshot ${handle}`),
  ]);
  await expect(csi.source.volumePath(namespace, 'of-gone')).rejects.toThrow('is not bound');
});

test('a snapshot deleted while it is restored leaves no half a volume', async () => {
  await applyTo(lab.source, [aSnapshot(key('pulled'), 'data')]);
  const { handle } = await untilReady(lab.source, key('pulled'));
  csi.source.setFaults({ deleteWhileRestoring: true });
  await applyTo(lab.source, [aClaim(key('of-pulled'), { snapshot: 'pulled' })]);

  await expectEvent(lab.source, 'of-pulled', `snapshot ${handle} was deleted while it was restored`);
  csi.source.setFaults({});
  await expectEvent(lab.source, 'of-pulled', `there is no snapshot ${handle}`);
  await expect(csi.source.volumePath(namespace, 'of-pulled')).rejects.toThrow('is not bound');
});

test('what was asked for while driver and sidecars were dead is done when they are back', async () => {
  await csi.source.kill();
  await applyTo(lab.source, [aClaim(key('late'), { snapshot: 'base' }), aSnapshot(key('late'), 'data')]);

  await csi.source.start();

  await Promise.all([untilBound(lab.source, key('late')), untilReady(lab.source, key('late'))]);
  const late = await csi.source.volumePath(namespace, 'late');
  expect(await readFile(join(late, 'file'), 'utf8')).toBe('contents');
});

/** Waits for an Event about an object of that name. */
async function expectEvent(cluster: LabCluster, name: string, message: string): Promise<void> {
  const about = `--field-selector=involvedObject.name=${name}`;
  const events = ['-n', namespace, 'get', 'events', about, '-o', 'jsonpath={.items[*].message}'];
  await waitFor({ what: `an Event on ${name} that says "${message}"`, seconds: 120 }, async () =>
    (await cluster.kubectl(events)).includes(message) ? true : undefined,
  );
}

/** Waits for the status of a VolumeSnapshot to say it, and not to be ready. */
async function expectSnapshotError(cluster: LabCluster, name: string, message: string): Promise<void> {
  const read = ['-n', namespace, 'get', `volumesnapshot/${name}`, '-o', 'jsonpath={.status}'];
  const status = await waitFor({ what: `snapshot ${name} to say "${message}"`, seconds: 120 }, async () => {
    const text = await cluster.kubectl(read);
    return text.includes(message) ? text : undefined;
  });
  expect(JSON.parse(status)).toMatchObject({ readyToUse: false });
}
