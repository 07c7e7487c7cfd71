/** Storage that ends at the border of its region. */
import { afterAll, beforeAll, expect, test } from 'vitest';
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
import { TOPOLOGY_LABEL } from '../../../hack/harness/csi-objects.ts';
import { waitFor } from '../../../hack/harness/wait.ts';
import type { Lab } from '../../../hack/lab/types.ts';
import { getLab } from '../lab.ts';

/** Unique, as an attached lab remembers earlier runs. */
const namespace = `csi-apart-${Date.now().toString(36)}`;
const key = (name: string) => ({ namespace, name });
const aNamespace = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } };

let lab: Lab;
let csi: LabCsi;
beforeAll(async () => {
  lab = await getLab();
  const progress = (line: string): void => console.log(`lab: ${line}`);
  csi = await ensureCsi(lab, { backend: 'separate', topology: true, progress });
  await Promise.all([applyTo(lab.source, [aNamespace]), applyTo(lab.recovery, [aNamespace])]);
  await applyTo(lab.source, [aClaim(key('data'))]);
  await untilBound(lab.source, key('data'));
}, ADD_ON_TIMEOUT_MS);
afterAll(async () => {
  const away = ['delete', 'namespace', namespace, '--wait=false', '--ignore-not-found'];
  await Promise.all([lab.source.kubectl(away), lab.recovery.kubectl(away)]);
});

test('the other region does not know a snapshot', async () => {
  await applyTo(lab.source, [aSnapshot(key('snap'), 'data')]);
  const { handle } = await untilReady(lab.source, key('snap'));
  await applyTo(lab.recovery, anImportedSnapshot(key('snap'), handle));

  const read = ['-n', namespace, 'get', 'volumesnapshot/snap', '-o', 'jsonpath={.status.error.message}'];
  const message = await waitFor({ what: 'the import to fail', seconds: 120 }, async () => {
    const text = await lab.recovery.kubectl(read);
    return text === '' ? undefined : text;
  });
  expect(message).toContain('can not find snapshot');
  expect(csi.source.backend).not.toBe(csi.recovery.backend);
});

test('a volume is bound to the nodes of its region', async () => {
  const volume = await lab.source.kubectl([
    '-n',
    namespace,
    'get',
    'pvc/data',
    '-o',
    'jsonpath={.spec.volumeName}',
  ]);
  const affinity = await lab.source.kubectl([
    'get',
    `pv/${volume}`,
    '-o',
    'jsonpath={.spec.nodeAffinity.required}',
  ]);

  expect(JSON.parse(affinity)).toEqual({
    nodeSelectorTerms: [
      { matchExpressions: [{ key: TOPOLOGY_LABEL, operator: 'In', values: [lab.source.region] }] },
    ],
  });
});
