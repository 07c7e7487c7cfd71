/** The whole reconcile of a scenario, against an objective in memory and an engine that answers as told. */
import { expect, it } from 'vitest';
import type { KubeObject } from '../../api/object.ts';
import { API_VERSION } from '../../api/v1alpha1/common.ts';
import { type DRScenarioStatus, drScenarioStatus } from '../../api/v1alpha1/dr-scenario.ts';
import { findCondition } from '../../domain/conditions.ts';
import { manifestOf } from '../../domain/execution/testing/manifest.ts';
import { seconds, toRfc3339 } from '../../domain/time.ts';
import type { Engine, Rehearsal } from '../../engines/engine.ts';
import { KubeError } from '../../kube/errors.ts';
import { manualClock } from '../../testing/manual-clock.ts';
import { partialCluster } from '../../testing/region.ts';
import { drScenarioReconciler } from './controller.ts';
import { shopSpec } from './testing/world.ts';

const key = { namespace: 'dr', name: 'shop' };
const signal = new AbortController().signal;

const regionHealth = (name: string): KubeObject => ({
  apiVersion: API_VERSION,
  kind: 'RegionHealth',
  metadata: { name },
  spec: { region: `${name}-1`, clusterRef: { secretName: name } },
  status: { verdict: 'Healthy' },
});

/** @param rehearse what the recovery cluster says, or throws */
function running(rehearse: () => Rehearsal) {
  const clock = manualClock();
  let status: unknown = {};
  const scenario = (): KubeObject => ({
    apiVersion: API_VERSION,
    kind: 'DRScenario',
    metadata: { ...key, uid: 'uid-1', generation: 1 },
    spec: shopSpec,
    status,
  });
  const objective = partialCluster('objective', {
    get: async ({ kind }) => (kind === 'DRScenario' ? scenario() : undefined),
    list: async ({ kind }) => ({
      items: kind === 'RegionHealth' ? ['eu-west', 'eu-north'].map(regionHealth) : [],
      resourceVersion: '1',
    }),
    apply: async (object) => {
      if (object.kind === 'DRScenario') status = JSON.parse(JSON.stringify(object['status']));
      return object;
    },
    create: async (object) => object,
  });
  const units = ['Deployment.apps/shop/web'];
  const manifest = { ...manifestOf({ units }), capturedAt: toRfc3339(clock.now()) };
  const published = { manifest, digest: 'sha256:m' };
  const unexpected = (): never => {
    throw new Error('not part of this test');
  };
  const engine: Engine = {
    capture: async () => ({ kind: 'captured', point: published }),
    verify: async () => ({ kind: 'verified', at: clock.now(), compared: 1, changedSince: 0 }),
    points: async () => [published],
    prune: async () => [],
    open: async () => ({ ...published, object: () => undefined }),
    preflight: unexpected,
    restore: unexpected,
    rehearse: async () => rehearse(),
  };
  const predictions: (number | undefined)[] = [];
  const ignore = (): void => undefined;
  const reconcile = drScenarioReconciler({
    objective,
    objectiveRegion: async () => 'us-east-1',
    clusters: {
      objective,
      region: (name) => ({ kind: 'available', cluster: partialCluster(name, {}) }),
    },
    engine: () => engine,
    announcer: { announce: unexpected },
    clock,
    log: { debug: ignore, info: ignore, warn: ignore, error: ignore },
    events: { record: ignore },
    metrics: {
      scenario: (_, { predictedRto }) => void predictions.push(predictedRto),
      forgetScenario: ignore,
      capture: ignore,
    },
    assertLeading: ignore,
  });
  return {
    predictions,
    /** One pass of the controller, some time after the one before. */
    pass: async (): Promise<DRScenarioStatus> => {
      await clock.advance(seconds(1));
      await reconcile(key, signal);
      return drScenarioStatus.parse(status);
    },
  };
}

const everything: Rehearsal = {
  done: 1,
  total: 1,
  accepted: 1,
  notRehearsed: new Map(),
  findings: [],
  added: [],
};

it('captures first, and asks the recovery cluster in the pass after', async () => {
  let asked = 0;
  const { pass, predictions } = running(() => {
    asked += 1;
    return everything;
  });

  const captured = await pass();
  expect(captured.phase).toBe('Protected');
  expect(findCondition(captured.conditions ?? [], 'Feasible')?.status).toBe('Unknown');
  expect(asked).toBe(0);

  const reviewed = await pass();
  expect(findCondition(reviewed.conditions ?? [], 'Feasible')).toMatchObject({
    status: 'True',
    reason: 'Feasible',
  });
  expect(reviewed.rto).toMatchObject({ basis: 'prior' });
  expect(predictions.at(-1)).toBe(reviewed.rto?.predictedP50Millis);
});

it('stays protected, with feasibility unknown, when the recovery cluster cannot be asked', async () => {
  const { pass } = running(() => {
    throw new KubeError('Unreachable', 'eu-north: no answer', { cluster: 'eu-north' });
  });

  await pass();
  const status = await pass();

  expect(status.phase).toBe('Protected');
  expect(findCondition(status.conditions ?? [], 'Replicated')?.status).toBe('True');
  expect(findCondition(status.conditions ?? [], 'Feasible')).toMatchObject({
    status: 'Unknown',
    reason: 'NotRehearsed',
    message: expect.stringContaining('eu-north: no answer'),
  });
});

it('goes on asking in the next passes until all is rehearsed', async () => {
  const answers = [{ ...everything, total: 3 }, { ...everything, done: 2, total: 3 }, everything];
  const { pass } = running(() => answers.shift() ?? everything);

  await pass();
  const reasons: (string | undefined)[] = [];
  for (const _ of [1, 2, 3]) reasons.push(findCondition((await pass()).conditions ?? [], 'Feasible')?.reason);

  expect(reasons).toEqual(['NotRehearsed', 'NotRehearsed', 'Feasible']);
});
