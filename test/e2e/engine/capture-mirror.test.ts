/**
 * Captures through the mirror of a real API server: what costs nothing when
 * nothing changes, and what must be seen all the same. A point that is said to
 * be current although the source has moved on would be a lie about the RPO.
 */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import type { Lab } from '../../../hack/lab/types.ts';
import { systemClock } from '../../../src/clock.ts';
import { type Clock, millis, tick } from '../../../src/domain/time.ts';
import type { CaptureResult, Engine, PublishedPoint } from '../../../src/engines/engine.ts';
import { READ_AGAIN } from '../../../src/engines/native/capture/stored.ts';
import { nativeEngine } from '../../../src/engines/native/engine.ts';
import { archiveKey } from '../../../src/engines/native/points/layout.ts';
import { createMirrors } from '../../../src/engines/native/source/mirrors.ts';
import type { FailedApi } from '../../../src/kube/cluster.ts';
import { directoryStore } from '../../../src/store/testing/directory-store.ts';
import { testClient } from '../kube/client.ts';
import { getLab } from '../lab.ts';
import { definition, widget } from './shop.ts';
import { apply, silent, specFor } from './support.ts';

const run = Date.now().toString(36);
const namespace = `mirror-${run}`;
const group = `m${run}.example.com`;
const scenario = { namespace: 'dr', name: `mirror-${run}`, uid: `uid-${run}` };
const signal = new AbortController().signal;
const spec = specFor([namespace]);
const OBJECTS = 2000;
const PATIENCE = { timeout: 120_000, interval: 250 };

/** The machine's, and what a test has let pass at once. */
let passed = 0;
const clock: Clock = { ...systemClock, tick: () => tick(systemClock.tick() + passed) };

let lab: Lab;
let directory: string;
let client: ReturnType<typeof testClient>;
let engine: Engine;
const stopMirrors = new AbortController();

const configMap = (name: string, value: string) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name, namespace },
  data: { value },
});
const capture = (): Promise<CaptureResult> =>
  engine.capture(scenario, spec, { source: client.cluster, recovery: undefined }, signal);

async function verified(result: CaptureResult): Promise<PublishedPoint> {
  if (result.kind !== 'captured') throw new Error(`not captured: ${JSON.stringify(result).slice(0, 500)}`);
  const regions = { source: client.cluster, recovery: undefined };
  const proof = await engine.verify(result.point, spec, regions, signal);
  expect(proof).toMatchObject({ kind: 'verified' });
  return result.point;
}

/** Captures until there is nothing more to capture: controllers have come to rest. */
function atRest(): Promise<PublishedPoint> {
  return vi.waitFor(async () => {
    const result = await capture();
    if (result.kind === 'unchanged') return result.point;
    await verified(result);
    throw new Error('something had changed');
  }, PATIENCE);
}

/** Captures until watches alone tell that nothing has changed: those that were broken off are open again. */
async function watching(): Promise<void> {
  await vi.waitFor(async () => {
    const { result, verbs } = await measured(capture);
    if (result.kind === 'captured') await verified(result);
    expect(result.kind).toBe('unchanged');
    expect(verbs.length).toBeLessThan(5);
  }, PATIENCE);
}

/** The next point, as soon as the watches have told of what has changed. */
function nextPoint(): Promise<PublishedPoint> {
  return vi.waitFor(async () => verified(await capture()), PATIENCE);
}

async function measured<T>(work: () => Promise<T>) {
  const [calls, began] = [client.calls.length, performance.now()];
  const result = await work();
  return {
    result,
    took: performance.now() - began,
    verbs: client.calls.slice(calls).map(({ verb }) => verb),
  };
}

const keysOf = ({ manifest }: PublishedPoint): readonly string[] => manifest.objects.map(({ key }) => key);

beforeAll(async () => {
  lab = await getLab();
  directory = await mkdtemp(join(tmpdir(), 'antipode-e2e-'));
  client = testClient(await lab.source.linkedKubeconfig());
  const mirrors = createMirrors({ clock, log: silent }, stopMirrors.signal, millis(500));
  engine = nativeEngine({ store: directoryStore(directory), clock, log: silent, mirrors });
  await lab.source.kubectl(['create', 'namespace', namespace]);
  const names = Array.from({ length: OBJECTS }, (_, index) => `setting-${index}`);
  const seed = async (): Promise<void> => {
    for (let name = names.pop(); name !== undefined; name = names.pop())
      await client.cluster.create(configMap(name, name), signal);
  };
  await Promise.all(Array.from({ length: 16 }, seed));
  await atRest();
});

afterAll(async () => {
  stopMirrors.abort();
  await client.cluster.close();
  await lab.source.kubectl([
    'delete',
    '--ignore-not-found',
    '--wait=false',
    `crd/widgets.${group}`,
    `namespace/${namespace}`,
  ]);
  await rm(directory, { recursive: true, force: true });
});

describe('a source in which nothing changes', () => {
  test('costs fewer than five requests and 200 ms', async () => {
    await watching();
    const before = await atRest();
    const cycles = [];
    for (let cycle = 0; cycle < 5; cycle += 1) cycles.push(await measured(capture));
    for (const { result, verbs } of cycles) {
      expect(result).toMatchObject({ kind: 'unchanged', point: { digest: before.digest } });
      // Those of the mirror itself fall in here too.
      expect(verbs.length).toBeLessThan(5);
    }
    expect(Math.min(...cycles.map(({ took }) => took))).toBeLessThan(200);
    expect(before.manifest.objects.length).toBeGreaterThanOrEqual(OBJECTS);
  });

  test('is confirmed as of a moment that moves on, and never of the future', async () => {
    const first = await capture();
    if (first.kind !== 'unchanged') throw new Error(first.kind);
    expect(first.asOf).toBeLessThanOrEqual(Date.now());
    await vi.waitFor(
      async () => {
        const later = await capture();
        if (later.kind !== 'unchanged') throw new Error(later.kind);
        expect(later.asOf).toBeGreaterThan(first.asOf);
        // Half of the RPO: no older view of the source may be called current.
        expect(Date.now() - later.asOf).toBeLessThan(151_000);
      },
      { timeout: 90_000, interval: 1000 },
    );
  });

  test('is captured anew once the scenario was forgotten', async () => {
    const before = await atRest();
    engine.forget(scenario);
    const after = await verified(await capture());
    expect(after.manifest.name).not.toBe(before.manifest.name);
    expect(keysOf(after)).toEqual(keysOf(before));
  });

  test('is still unchanged when only the state of an object is written', async () => {
    await atRest();
    await apply(lab.source, {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'lonely', namespace },
      spec: { type: 'ExternalName', externalName: 'example.com' },
    });
    const point = await nextPoint();
    const status =
      '{"status":{"conditions":[{"type":"Seen","status":"True","reason":"Test","message":"","lastTransitionTime":"2026-01-01T00:00:00Z"}]}}';
    const patch = ['patch', 'service/lonely', '--subresource=status', '--type=merge', '-p', status];
    await lab.source.kubectl(['-n', namespace, ...patch]);
    const get = ['get', 'service/lonely', '-o', 'jsonpath={.metadata.resourceVersion}'];
    const version = await lab.source.kubectl(['-n', namespace, ...get]);
    const captured = point.manifest.objects.find(({ key }) => key === `Service/${namespace}/lonely`);
    expect(version).not.toBe(captured?.resourceVersion);
    expect(await atRest()).toMatchObject({ digest: point.digest });
  });
});

describe('a change', () => {
  test('is captured with everything else, and nothing is read again for it', async () => {
    await watching();
    const before = await atRest();
    const change = () =>
      client.cluster.apply(configMap('setting-7', 'changed'), { fieldManager: 'test', force: true }, signal);
    await change();
    const { result: point, verbs } = await measured(nextPoint);
    expect(verbs.filter((verb) => verb === 'list')).toEqual([]);
    expect(keysOf(point)).toEqual(keysOf(before));
    const digests = new Map(before.manifest.objects.map(({ key, digest }) => [key, digest]));
    const changed = point.manifest.objects.filter(({ key, digest }) => digests.get(key) !== digest);
    expect(changed.map(({ key }) => key)).toEqual([`ConfigMap/${namespace}/setting-7`]);
    const opened = await engine.open(point.manifest.name, signal);
    expect(opened.object(`ConfigMap/${namespace}/setting-7`)?.['data']).toEqual({ value: 'changed' });
    expect(opened.object(`ConfigMap/${namespace}/setting-8`)?.['data']).toEqual({ value: 'setting-8' });
  });

  test('may be that an object is gone', async () => {
    await atRest();
    await lab.source.kubectl(['-n', namespace, 'delete', 'configmap/setting-3']);
    expect(keysOf(await nextPoint())).not.toContain(`ConfigMap/${namespace}/setting-3`);
  });

  test('may be of a kind that was not there before', async () => {
    await atRest();
    await apply(lab.source, definition(group));
    await lab.source.kubectl([
      'wait',
      '--for=condition=Established',
      `crd/widgets.${group}`,
      '--timeout=120s',
    ]);
    await apply(lab.source, widget(namespace, group));
    await vi.waitFor(async () => {
      expect(keysOf(await verified(await capture()))).toEqual(
        expect.arrayContaining([
          `Widget.${group}/${namespace}/gadget`,
          `CustomResourceDefinition.apiextensions.k8s.io/widgets.${group}`,
        ]),
      );
    }, PATIENCE);
    await atRest();
    await lab.source.kubectl([
      '-n',
      namespace,
      'patch',
      `widgets.${group}/gadget`,
      '--type=merge',
      '-p',
      '{"spec":{"size":4}}',
    ]);
    const opened = await engine.open((await nextPoint()).manifest.name, signal);
    expect(opened.object(`Widget.${group}/${namespace}/gadget`)?.['spec']).toEqual({ size: 4 });
  });
});

describe('a source that cannot be heard', () => {
  test('is never called unchanged, and what happened meanwhile is in the next point', async () => {
    await atRest();
    await lab.source.link.cut();
    try {
      await lab.source.kubectl(['-n', namespace, 'delete', 'configmap/setting-4']);
      await expect(capture()).rejects.toMatchObject({ name: 'KubeError', code: 'Unreachable' });
    } finally {
      await lab.source.link.heal();
    }
    expect(keysOf(await nextPoint())).not.toContain(`ConfigMap/${namespace}/setting-4`);
  });

  test('because it was killed is read on where it was', async () => {
    await atRest();
    await lab.source.stopControlPlane();
    await expect(capture()).rejects.toMatchObject({ name: 'KubeError' });
    await lab.source.start();
    await lab.source.kubectl(['-n', namespace, 'delete', 'configmap/setting-5']);
    expect(keysOf(await nextPoint())).not.toContain(`ConfigMap/${namespace}/setting-5`);
  });

  test('because its history has expired is read anew, and nothing of what happened is missed', async () => {
    await watching();
    const before = client.restarts.length;
    await lab.source.link.cut();
    try {
      await lab.source.kubectl(['-n', namespace, 'delete', 'configmap/setting-6']);
      // A started server knows no history from before its start, and its storage has none either.
      await lab.source.stopControlPlane();
      await lab.source.start();
      await lab.source.forgetHistory();
    } finally {
      await lab.source.link.heal();
    }
    expect(keysOf(await nextPoint())).not.toContain(`ConfigMap/${namespace}/setting-6`);
    // The point may have been read past the watches, which are opened again after a pause.
    await vi.waitFor(() => expect(new Set(client.restarts.slice(before))).toContain('Gone'), PATIENCE);
    await watching();
  });
});

test('an API whose server is down is known to discovery', async () => {
  const name = `v1.down-${run}.example.com`;
  await apply(lab.source, {
    apiVersion: 'apiregistration.k8s.io/v1',
    kind: 'APIService',
    metadata: { name },
    spec: {
      group: `down-${run}.example.com`,
      version: 'v1',
      groupPriorityMinimum: 100,
      versionPriority: 100,
      insecureSkipTLSVerify: true,
      service: { namespace: 'default', name: 'nobody' },
    },
  });
  try {
    await vi.waitFor(async () => {
      const failed: FailedApi[] = [];
      await client.cluster.discover(signal, { refresh: true, onFailed: (api) => failed.push(api) });
      expect(failed).toContainEqual(
        expect.objectContaining({ group: `down-${run}.example.com`, version: 'v1' }),
      );
    }, PATIENCE);
    const warnings = (await nextPoint()).manifest.warnings ?? [];
    expect(warnings.join()).toContain(`down-${run}.example.com/v1`);
  } finally {
    await lab.source.kubectl(['delete', `apiservice/${name}`]);
  }
});

test('a point that was damaged in the store is replaced within the hour, although nothing changes', async () => {
  const before = await atRest();
  const archive = join(directory, archiveKey(before.manifest.name));
  const body = await readFile(archive);
  const middle = body.length >> 1;
  body[middle] = (body[middle] ?? 0) ^ 1;
  await writeFile(archive, body);

  passed += READ_AGAIN;
  const after = await verified(await capture());

  expect(after.manifest.name).not.toBe(before.manifest.name);
  expect(after.manifest.warnings?.join()).toContain(`recovery point ${before.manifest.name}`);
  expect(keysOf(after)).toEqual(keysOf(before));
  expect((await engine.open(after.manifest.name, signal)).digest).toBe(after.digest);
  expect(await atRest()).toMatchObject({ digest: after.digest });
});
