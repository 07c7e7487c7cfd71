/** Hooks around a backup that Velero makes: between them lies everything that Velero reads. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ADD_ON_TIMEOUT_MS } from '../../../hack/harness/add-on.ts';
import { waitFor } from '../../../hack/harness/wait.ts';
import type { Lab } from '../../../hack/lab/types.ts';
import { apply } from '../engine/support.ts';
import { type Kubelet, startKubelet } from '../hooks/kubelet.ts';
import { addNode, addRunningPod } from '../hooks/node.ts';
import { getLab } from '../lab.ts';
import {
  application,
  removeApplication,
  scenarioNamed,
  specFor,
  veleroNames,
  veleroWorld,
  type World,
} from './support.ts';

const NAMESPACE = `velero-hooks-${Date.now().toString(36)}`;
const NODE = `node-${NAMESPACE}`;
const { signal } = new AbortController();

let lab: Lab;
let world: World;
let kubelet: Kubelet;
beforeAll(async () => {
  lab = await getLab();
  kubelet = await startKubelet();
  await apply(lab.source, ...application(NAMESPACE));
  world = await veleroWorld(lab);
  await waitFor({ what: 'the default ServiceAccount', seconds: 120 }, () =>
    lab.source.kubectl(['get', 'serviceaccount', 'default', '-n', NAMESPACE]),
  );
  await addNode(lab.source, NODE, kubelet.port);
  await addRunningPod(lab.source, {
    namespace: NAMESPACE,
    name: 'db-0',
    labels: { app: 'frozen' },
    node: NODE,
  });
}, ADD_ON_TIMEOUT_MS);
afterAll(async () => {
  await removeApplication(lab.source, NAMESPACE);
  await lab.source.kubectl(['delete', 'node', NODE, '--ignore-not-found']);
  await kubelet.stop();
});

const hook = (when: 'BeforeCapture' | 'AfterCapture', ...command: readonly string[]) => ({
  name: when === 'BeforeCapture' ? 'freeze' : 'thaw',
  when,
  namespace: NAMESPACE,
  podSelector: { app: 'frozen' },
  command,
});
const capture = (...hooks: readonly object[]) =>
  world.engine.capture(
    scenarioNamed(NAMESPACE),
    specFor(world.velero, [NAMESPACE], { hooks }),
    world.regions,
    signal,
  );
/** Of this scenario: those of others may be on their way out. */
const backups = async () =>
  (await veleroNames(lab.source, 'backups')).filter((name) => name.startsWith(`dr-${NAMESPACE}-`));
const ran = () => kubelet.asked.map((asked) => asked.slice(asked.indexOf(': ') + 2));

test('a backup is made between the hooks', async () => {
  const result = await capture(
    hook('BeforeCapture', 'succeed', 'frozen'),
    hook('AfterCapture', 'succeed', 'thawed'),
  );

  expect(result.kind).toBe('captured');
  expect(ran()).toEqual(['succeed frozen', 'succeed thawed']);
});

test('without its first hook no backup is asked for, and what it may have begun is undone', async () => {
  const before = await backups();

  const result = await capture(
    hook('BeforeCapture', 'fail', 'no space'),
    hook('AfterCapture', 'succeed', 'undone'),
  );

  expect(result).toMatchObject({
    kind: 'incomplete',
    messages: [expect.stringContaining('freeze')],
  });
  expect(ran().at(-1)).toBe('succeed undone');
  expect(await backups()).toEqual(before);
});

test('a backup whose last hook failed is no point, and is deleted', async () => {
  const before = await backups();

  const result = await capture(
    hook('BeforeCapture', 'succeed', 'frozen'),
    hook('AfterCapture', 'fail', 'still frozen'),
  );

  expect(result).toMatchObject({ kind: 'incomplete', messages: [expect.stringContaining('thaw')] });
  await waitFor({ what: 'Velero to delete the backup', seconds: 120 }, async () => {
    const now = await backups();
    return now.join() === before.join() ? true : undefined;
  });
});

test('a hook that may fail leaves a warning with the point', async () => {
  const result = await capture({ ...hook('AfterCapture', 'fail', 'a hiccup'), onFailure: 'Continue' });

  expect(result).toMatchObject({
    kind: 'captured',
    point: { manifest: { warnings: expect.arrayContaining([expect.stringContaining('a hiccup')]) } },
  });
});
