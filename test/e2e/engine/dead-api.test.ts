/** One API of the source cannot be asked any more: a point without what is kept in it must not replace those that have it. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { Lab } from '../../../hack/lab/types.ts';
import { nativeEngine } from '../../../src/engines/native/engine.ts';
import type { Cluster, FailedApi } from '../../../src/kube/cluster.ts';
import { directoryStore } from '../../../src/store/testing/directory-store.ts';
import { getLab } from '../lab.ts';
import { definition, widget } from './shop.ts';
import { apply, clock, connect, pointOf, silent, specFor } from './support.ts';

const run = Date.now().toString(36);
const namespace = `dead-api-${run}`;
const group = `d${run}.example.com`;
const scenario = { namespace: 'dr', name: namespace, uid: 'u' };
const spec = specFor([namespace]);
const signal = new AbortController().signal;
const PATIENCE = { timeout: 120_000, interval: 250 };

let lab: Lab;
let source: Cluster;
let directory: string;

beforeAll(async () => {
  lab = await getLab();
  source = await connect(lab.source);
  directory = await mkdtemp(join(tmpdir(), 'antipode-e2e-'));
});
afterAll(async () => {
  const away = [`namespace/${namespace}`, `crd/widgets.${group}`, `apiservice/v1.${group}`];
  await lab.source.kubectl(['delete', '--ignore-not-found', '--wait=false', ...away]);
  await source.close();
  await rm(directory, { recursive: true, force: true });
});

const anEngine = () => nativeEngine({ store: directoryStore(directory), clock, log: silent });

/** The group is registered and nobody answers for it, as when the server behind an APIService is down. */
async function loseTheServer(): Promise<void> {
  await lab.source.kubectl(['delete', `crd/widgets.${group}`]);
  await lab.source.kubectl(['wait', '--for=delete', `apiservice/v1.${group}`, '--timeout=120s']);
  await apply(lab.source, {
    apiVersion: 'apiregistration.k8s.io/v1',
    kind: 'APIService',
    metadata: { name: `v1.${group}` },
    spec: {
      group,
      version: 'v1',
      groupPriorityMinimum: 100,
      versionPriority: 100,
      insecureSkipTLSVerify: true,
      service: { namespace: 'default', name: 'nobody' },
    },
  });
  await vi.waitFor(async () => {
    const failed: FailedApi[] = [];
    await source.discover(signal, { refresh: true, onFailed: (api) => failed.push(api) });
    expect(failed.map((api) => api.group)).toContain(group);
  }, PATIENCE);
}

test('one aggregated API of the source is dead: the whole capture is refused with the kind and the remedy named, and the earlier point stays in force', async () => {
  await apply(lab.source, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
  await apply(lab.source, definition(group));
  await lab.source.kubectl(['wait', '--for=condition=Established', '--timeout=120s', `crd/widgets.${group}`]);
  const kept = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'kept', namespace },
    data: { a: '1' },
  };
  await apply(lab.source, widget(namespace, group), kept);
  const engine = anEngine();
  const earlier = await pointOf(engine, scenario, spec, source, signal);
  const key = `Widget.${group}/${namespace}/gadget`;
  expect(earlier.object(key)).toBeDefined();
  await loseTheServer();

  // Also one that was restarted and knows of the earlier point by the store alone.
  for (const capturing of [engine, anEngine()]) {
    const refused = capturing.capture(scenario, spec, { source, recovery: undefined }, signal);
    await expect(refused).rejects.toMatchObject({ name: 'KubeError', code: 'Unavailable' });
    await expect(refused).rejects.toThrow(`cannot list Widget.${group}`);
    await expect(refused).rejects.toThrow(/APIService.*resources\.excludeKinds/);
    const points = await capturing.points(scenario, signal);
    expect(points.map(({ name }) => name)).toEqual([earlier.manifest.name]);
    expect((await capturing.open(earlier.manifest.name, signal)).object(key)).toBeDefined();
  }

  const without = specFor([namespace], { excludeKinds: ['Widget'] });
  const next = await engine.capture(scenario, without, { source, recovery: undefined }, signal);
  expect(next).toMatchObject({ kind: 'captured' });
});
