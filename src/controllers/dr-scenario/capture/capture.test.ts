import { expect, it } from 'vitest';
import { drScenarioSpec } from '../../../api/v1alpha1/dr-scenario.ts';
import { manifestOf } from '../../../domain/execution/testing/manifest.ts';
import { instant } from '../../../domain/time.ts';
import type { Engine, PublishedPoint } from '../../../engines/engine.ts';
import { KubeError, type KubeErrorCode } from '../../../kube/errors.ts';
import { manualClock } from '../../../testing/manual-clock.ts';
import { partialCluster } from '../../../testing/region.ts';
import { aWorld, shopSpec } from '../testing/world.ts';
import { capture, type Subject } from './capture.ts';

const { signal } = new AbortController();

const published: PublishedPoint = {
  manifest: { ...manifestOf({ units: ['Deployment.apps/shop/web'] }), capturedAt: '2026-03-01T12:00:00Z' },
  digest: 'sha256:m',
};
const TYPO = { before: 'Deployment/shop/typo', after: 'Deployment/shop/web' };
const withEdge = drScenarioSpec.parse({ ...shopSpec, dependencies: { edges: [TYPO] } });

/** A source without anything of the name `typo`. */
const ordered: Engine['capture'] = async (_, { dependencies: { edges } }) => {
  const [edge] = edges;
  return edge === undefined
    ? { kind: 'captured', point: published }
    : { kind: 'unorderable', problem: { kind: 'unknown-edge', key: edge.before, edge } };
};

function run(answer: Engine['capture'], subject: Partial<Subject> = {}, its: Partial<Engine> = {}) {
  const unexpected = (): never => {
    throw new Error('not part of this test');
  };
  const clock = manualClock();
  const engine: Engine = {
    capture: answer,
    verify: async () => ({ kind: 'verified', at: clock.now(), compared: 1, changedSince: 0, warnings: [] }),
    points: unexpected,
    prune: async () => ({ kept: [], removed: [] }),
    collectGarbage: unexpected,
    formerPoints: async () => [],
    open: unexpected,
    preflight: unexpected,
    restore: unexpected,
    rehearse: unexpected,
    prove: unexpected,
    forget: unexpected,
    ...its,
  };
  const objective = partialCluster('objective', {});
  const region = (name: string) => ({ kind: 'available' as const, cluster: partialCluster(name, {}) });
  return capture(
    { world: aWorld(), spec: shopSpec, generation: 1, ...subject },
    {
      objective,
      clusters: { objective, region },
      engine: () => engine,
      announcer: { announce: unexpected },
      clock,
    },
    signal,
  );
}

/** What comes of a capture that a cluster breaks off. */
const broken = (cluster: string, code: KubeErrorCode) =>
  run(async () => {
    throw new KubeError(code, `${cluster}: no answer`, { cluster });
  });

const unknownEdge = {
  reason: 'UnknownDependency',
  message: expect.stringContaining('Deployment/shop/typo'),
};

it('captures by the spec in force when an edited one cannot be ordered, and tells why it cannot', async () => {
  const outcome = await run(ordered, { candidate: { spec: withEdge, generation: 2 } });

  expect(outcome).toMatchObject({ kind: 'succeeded', judged: { generation: 2, refused: unknownEdge } });
});

it('captures by the edited spec when it can be ordered', async () => {
  const edited = { ...shopSpec, resources: { ...shopSpec.resources, namespaces: ['shop', 'bank'] } };
  const seen: (readonly string[])[] = [];
  const outcome = await run(
    async (scenario, spec, regions, stop) => {
      seen.push(spec.resources.namespaces);
      return ordered(scenario, spec, regions, stop);
    },
    { candidate: { spec: edited, generation: 2 } },
  );

  expect(seen).toEqual([['shop', 'bank']]);
  expect(outcome).toMatchObject({ kind: 'succeeded', judged: { generation: 2 } });
  expect(outcome.judged?.refused).toBeUndefined();
});

it('makes nothing of a first spec that cannot be ordered', async () => {
  expect(await run(ordered, { spec: withEdge })).toMatchObject({
    kind: 'failed',
    judged: { generation: 1, refused: unknownEdge },
  });
});

it('goes on without an edge of the spec in force when what it names has gone from the source, with a warning', async () => {
  const { capturedAt } = published.manifest;
  const recoveryPoint = { name: 'p', capturedAt, objects: 1, bytes: 1, digest: 'd' };
  const outcome = await run(ordered, { spec: withEdge, world: aWorld({ status: { recoveryPoint } }) });

  expect(outcome).toMatchObject({ kind: 'succeeded', warnings: [unknownEdge.message] });
  expect(outcome.judged?.refused).toBeUndefined();
});

it('looks for what a former scenario has left while status lists no verified point, and only then', async () => {
  const { capturedAt } = published.manifest;
  const listedAfter = async (recoveryPoints: readonly string[], proof: object = {}) => {
    const point = { capturedAt, objects: 1, bytes: 1, digest: 'd', ...proof };
    const points = recoveryPoints.map((name) => ({ ...point, name }));
    const listed: string[] = [];
    await run(
      ordered,
      { world: aWorld({ status: { recoveryPoints: points } }) },
      {
        formerPoints: async () => ['of-former'],
        prune: async (_, request) => {
          listed.push(...request.listed.map(({ name }) => name));
          return { kept: [], removed: [] };
        },
      },
    );
    return listed;
  };

  expect(await listedAfter([])).toEqual(['of-former']);
  expect(await listedAfter(['p'])).toEqual(['p', 'of-former']);
  expect(await listedAfter(['p'], { verifiedAt: capturedAt })).toEqual(['p']);
});

it('reads a copy of the newest point that is in a store which is new to the scenario before that counts', async () => {
  const { name, capturedAt } = published.manifest;
  const recoveryPoint = { name, capturedAt, objects: 1, bytes: 1, digest: published.digest };
  const store = { filesystem: { path: '/new' } };
  const moved = { ...shopSpec, replication: { ...shopSpec.replication, store } };
  const unchanged: Engine['capture'] = async () => ({
    kind: 'unchanged',
    point: published,
    asOf: instant(0),
  });
  const status = { recoveryPoint, recoveryPoints: [recoveryPoint], acceptedSpec: shopSpec };
  const world = aWorld({ spec: moved, status });

  expect(await run(unchanged, { world })).toMatchObject({ kind: 'unchanged' });
  expect(await run(unchanged, { world, spec: moved })).toMatchObject({ kind: 'succeeded', offer: { store } });
});

it.each([
  ['eu-west', 'Unreachable', 'SourceUnavailable'],
  ['eu-west', 'Unauthorized', 'SourceUnavailable'],
  ['eu-north', 'Unreachable', 'RecoveryUnavailable'],
  ['eu-north', 'UntrustedCertificate', 'RecoveryUnavailable'],
  ['eu-north', 'Forbidden', 'CaptureFailed'],
  ['objective', 'Unreachable', 'CaptureFailed'],
] as const)('when %s is the one that fails, with %s, the reason is %s', async (cluster, code, reason) => {
  const outcome = await broken(cluster, code);

  expect(outcome).toMatchObject({ kind: 'failed', reason, message: `${cluster}: no answer` });
});
