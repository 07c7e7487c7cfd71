/** Claims that one application writes to: whether all are in a point, of one instant, and what is said when they are not. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ADD_ON_TIMEOUT_MS } from '../../../hack/harness/add-on.ts';
import { applyTo } from '../../../hack/harness/csi-claims.ts';
import { waitFor } from '../../../hack/harness/wait.ts';
import { at } from '../../../src/api/fields.ts';
import type { KubeObject } from '../../../src/api/object.ts';
import { listOf, SNAPSHOT } from '../../../src/engines/volumes/kinds.ts';
import type { Cluster } from '../../../src/kube/cluster.ts';
import { getLab } from '../lab.ts';
import {
  CUT_APART,
  capture,
  claims,
  cutLate,
  handlesOf,
  specOf,
  type VolumesWorld,
  verifiedPoint,
  volumesWorld,
} from './support.ts';

const NAMES = ['table', 'log'] as const;

let world: VolumesWorld;
beforeAll(async () => {
  world = await volumesWorld(await getLab(), { backend: 'shared' });
}, ADD_ON_TIMEOUT_MS);
afterAll(() => world?.end());

/** A namespace with a database that writes to both claims. */
async function database(): Promise<string> {
  const namespace = await world.namespace();
  await claims(world, namespace, NAMES);
  const volumes = NAMES.map((name) => ({ name, persistentVolumeClaim: { claimName: name } }));
  const app = { app: 'db' };
  await applyTo(world.lab.source, [
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { namespace, name: 'db' },
      spec: {
        replicas: 0,
        selector: { matchLabels: app },
        template: {
          metadata: { labels: app },
          spec: { containers: [{ name: 'db', image: 'registry.example/db:1' }], volumes },
        },
      },
    },
  ]);
  return namespace;
}

/** The same source, in which a claim comes and gets its volume when the first snapshot is asked for. */
function joinedBy(claim: string, namespace: string, source: Cluster): Cluster {
  let joined: Promise<unknown> | undefined;
  return {
    ...source,
    create: async (object, creating, options) => {
      const created = await source.create(object, creating, options);
      if (object.kind === 'VolumeSnapshot') await (joined ??= claims(world, namespace, [claim]));
      return created;
    },
  };
}

test('a claim that comes while the others are cut has its data in the same point, and of the first cut nothing is left', async () => {
  const namespace = await database();
  const joined = { ...world, source: joinedBy('index', namespace, world.source) };

  const point = await verifiedPoint(joined, specOf(world, namespace));

  const claimed = (point.manifest.volumes ?? []).map(({ claim }) => claim.split('/').at(-1));
  expect(new Set(claimed)).toEqual(new Set(['index', ...NAMES]));
  await waitFor({ what: 'the first cut to be gone', seconds: 120 }, async () => {
    const left = await listOf(world.source, SNAPSHOT, { namespace }, AbortSignal.timeout(60_000));
    return left.length === handlesOf(point).length ? left : undefined;
  });
  expect(handlesOf(point)).toHaveLength(claimed.length);
});

/** The same source, in which another capture is first with all that this one makes. */
const secondIn = (source: Cluster): Cluster => ({
  ...source,
  create: async (object, creating, options) => {
    await source.create(object, creating, options);
    return source.create(object, creating, options);
  },
});

test('a capture that finds the snapshots of another under the name of its point leaves them, and says so', async () => {
  const namespace = await database();
  const spec = specOf(world, namespace);

  const result = await capture({ ...world, source: secondIn(world.source) }, world.engine, spec);

  expect(result).toMatchObject({
    kind: 'incomplete',
    messages: [expect.stringContaining('another capture makes')],
  });
  await waitFor({ what: 'the other capture to have its snapshots', seconds: 120 }, async () => {
    const found = await listOf(world.source, SNAPSHOT, { namespace }, AbortSignal.timeout(60_000));
    const isReady = (snapshot: KubeObject) => at(snapshot, 'status', 'readyToUse') === true;
    return found.length === NAMES.length && found.every(isReady) ? found : undefined;
  });
});

describe('case 11, claims of one application captured at different instants', () => {
  test('are told with how far they are apart, and the point is as old as the oldest', async () => {
    const namespace = await database();
    const late = { ...world, source: cutLate('log', 1, world.source) };

    const { manifest } = await verifiedPoint(late, specOf(world, namespace));

    const instants = (manifest.volumes ?? []).map(({ instant = '' }) => Date.parse(instant));
    const apart = Math.max(...instants) - Math.min(...instants);
    expect(instants).toHaveLength(NAMES.length);
    expect(apart).toBeGreaterThanOrEqual(CUT_APART / 2);
    expect((manifest.warnings ?? []).join()).toContain(`were captured ${apart} ms apart`);
    expect(Date.parse(manifest.capturedAt)).toBeLessThanOrEqual(Math.min(...instants));
  });
});
