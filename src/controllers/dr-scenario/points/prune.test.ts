import { expect, test } from 'vitest';
import { type DRExecutionStatus, drExecutionSpec } from '../../../api/v1alpha1/dr-execution.ts';
import type { DRScenarioStatus } from '../../../api/v1alpha1/dr-scenario.ts';
import type { Engine, PointUse, Pruned, PruneRequest } from '../../../engines/engine.ts';
import { StoreError } from '../../../store/store.ts';
import { partialCluster } from '../../../testing/region.ts';
import { aWorld, shopSpec } from '../testing/world.ts';
import type { ExecutionView } from '../world.ts';
import { offerAfterPrune, useOf } from './prune.ts';

const execution = (
  recoveryPoint: string,
  phase?: DRExecutionStatus['phase'],
  planned?: string,
): ExecutionView => ({
  name: 'shop-1',
  spec: drExecutionSpec.parse({ scenario: 'shop', kind: 'Failover', recoveryPoint }),
  status: {
    ...(phase === undefined ? {} : { phase }),
    ...(planned === undefined ? {} : { plan: planWith(planned) }),
  },
});

const planWith = (recoveryPoint: string): NonNullable<DRExecutionStatus['plan']> => ({
  scenarioUid: 'uid-1',
  sourceRegion: 'eu-west',
  recoveryRegion: 'eu-north',
  recoveryPoint,
  pointDigest: 'sha256:m',
  pointCapturedAt: '2026-11-23T12:00:00Z',
  stepTimeout: '5m',
  dnsTimeout: '2m',
});

test('a running execution needs the point of its plan', () => {
  const { inUse, undecided } = useOf([execution('latest', 'Running', 'p2')], ['p1', 'p2']);
  expect([...inUse]).toEqual([['p2', 'DRExecution shop-1']]);
  expect(undecided).toBeUndefined();
});

test('one that was just created needs the point it names, before it was looked at', () => {
  expect([...useOf([execution('p1')], []).inUse.keys()]).toEqual(['p1']);
});

test('one that will take the latest may need any point until it has chosen', () => {
  expect(useOf([execution('latest')], ['p1']).undecided).toBe('DRExecution shop-1');
  expect(useOf([execution('latest', 'Pending')], ['p1']).undecided).toBe('DRExecution shop-1');
});

test.each(['Succeeded', 'Failed', 'Refused'] as const)('one that is %s needs none', (phase) => {
  const use = useOf([execution('latest', phase, 'p1'), execution('p2', phase)], ['p1']);
  expect(use).toEqual({ inUse: new Map(), offered: new Set(['p1']), undecided: undefined });
});

const listed = (name: string, verifiedAt?: string, sequence?: number) => ({
  name,
  ...(sequence === undefined ? {} : { sequence }),
  capturedAt: '2026-11-23T12:00:00Z',
  objects: 1,
  bytes: 1,
  digest: `sha256:${name}`,
  ...(verifiedAt === undefined ? {} : { verifiedAt }),
});
const { signal } = new AbortController();

/** @param prune stands for the engine's */
function offering(
  prune: (request: PruneRequest) => Promise<Pruned>,
  live: { readonly uid: string },
  its: {
    readonly status?: DRScenarioStatus;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly former?: readonly string[];
  } = {},
) {
  const status = {
    recoveryPoints: [listed('old', '2026-11-23T12:00:00Z'), listed('unproven')],
    ...its.status,
  };
  const plain = aWorld({ status });
  const { annotations = {} } = its;
  const object = { ...plain.object, metadata: { ...plain.object.metadata, annotations } };
  const world = { ...plain, object };
  const unexpected = (): never => {
    throw new Error('not part of this test');
  };
  const engine: Pick<Engine, 'prune'> = { prune: (_, request) => prune(request) };
  const objective = partialCluster('objective', {
    get: async () => ({
      ...world.object,
      metadata: { ...world.object.metadata, uid: live.uid },
      status: { recoveryPoints: [listed('new'), listed('old')] },
    }),
    list: async () => ({
      items: ['shop', 'other'].map((scenario) => ({
        apiVersion: 'antipode.dev/v1alpha1',
        kind: 'DRExecution',
        metadata: { name: `${scenario}-1`, namespace: 'dr', uid: scenario, generation: 1 },
        spec: { scenario, kind: 'Failover', recoveryPoint: `of-${scenario}` },
      })),
      resourceVersion: '1',
    }),
  });
  const scenario = { namespace: 'dr', name: 'shop', uid: 'uid-1' };
  const others = { capture: unexpected, verify: unexpected, points: unexpected, open: unexpected };
  const rest = { preflight: unexpected, rehearse: unexpected, restore: unexpected, prove: unexpected };
  const retaining = {
    world,
    scenario,
    spec: shopSpec,
    engine: {
      ...others,
      ...rest,
      ...engine,
      collectGarbage: unexpected,
      formerPoints: unexpected,
      forget: unexpected,
    },
    former: its.former ?? [],
    objective,
  };
  return offerAfterPrune(retaining, listed('new', undefined, 2), signal);
}

/** Names of the points that the store is to have, none of which it has. */
async function looking(its: Parameters<typeof offering>[2]) {
  let names: readonly string[] = [];
  const offer = await offering(
    async (request) => {
      names = request.listed.map(({ name }) => name);
      return { kept: [], removed: [], missing: { points: names, message: 'not there' } };
    },
    { uid: 'uid-1' },
    its,
  );
  return { names, offer };
}

test('a prune knows which points are verified, and sees what is in use as it is in the cluster now', async () => {
  const seen: { verified?: ReadonlySet<string>; proven?: string; use?: PointUse } = {};
  await offering(
    async (request) => {
      const { verified, proven } = request;
      Object.assign(seen, { verified, proven, use: await request.use(signal) });
      return { kept: [], removed: [] };
    },
    { uid: 'uid-1' },
  );
  expect(seen.verified).toEqual(new Set(['old', 'new']));
  expect(seen.proven).toBe('new');
  expect(seen.use).toEqual({
    inUse: new Map([['of-shop', 'DRExecution shop-1']]),
    offered: new Set(['new', 'old']),
    undecided: undefined,
  });
});

test('nothing is removed for a scenario that was deleted, or made again, meanwhile', async () => {
  let use: PointUse | undefined;
  await offering(
    async (request) => {
      use = await request.use(signal);
      return { kept: [], removed: [] };
    },
    { uid: 'uid-2' },
  );
  expect(use?.undecided).toBeDefined();
});

test('that old points cannot be removed takes nothing from the new one, and is said', async () => {
  const refused = new StoreError('StoreReadOnly', 'bucket points may not be used so');
  const offer = await offering(() => Promise.reject(refused), { uid: 'uid-1' });
  expect(offer.points.map(({ name }) => name)).toEqual(['new', 'old', 'unproven']);
  expect(offer.problem).toBe('older points are not removed: bucket points may not be used so');
});

test('that one point cannot be removed is said, with all others as the prune has left them', async () => {
  const problems = ['a: locked', 'b: locked', 'c: locked', 'd: locked'];
  const offer = await offering(async () => ({ kept: [], removed: ['old'], problems }), { uid: 'uid-1' });
  expect(offer.points).toEqual([]);
  expect(offer.problem).toBe('older points are not removed: a: locked; b: locked; c: locked');
});

test('points of a store that the scenario had before are not listed as newer than the first of the new store', async () => {
  const refused = new StoreError('StoreReadOnly', 'bucket points may not be used so');
  const known = [listed('former', '2026-11-23T12:00:00Z', 40), listed('old', '2026-11-23T12:00:00Z', 1)];
  const offer = await offering(
    () => Promise.reject(refused),
    { uid: 'uid-1' },
    { status: { recoveryPoints: known } },
  );
  expect(offer.points.map(({ name }) => name)).toEqual(['new', 'old']);
});

test('a failure that is none of the store or the cluster is not hidden', async () => {
  await expect(offering(() => Promise.reject(new TypeError('bug')), { uid: 'uid-1' })).rejects.toThrow('bug');
});

test('a prune is told of the own points that status lists, those that are missing among them', async () => {
  const status = {
    recoveryPoints: [listed('own'), { ...listed('theirs'), foreign: true }],
    missingPoints: [{ name: 'lost', claimsWithData: 1 }],
  };
  const { names } = await looking({ status });
  expect(names).toEqual(['own', 'lost']);
});

test('a point is given up when it is missing and the annotation names it, not while it is on offer', async () => {
  const status = {
    recoveryPoints: [listed('own')],
    missingPoints: [{ name: 'lost-1' }, { name: 'lost-2' }, { name: 'lost-3' }],
  };
  const annotations = { 'antipode.dev/points-gone': 'own, lost-1 lost-3' };
  const { names } = await looking({ status, annotations });
  expect(names).toEqual(['own', 'lost-2']);
});

test('what the store has lost is offered no more, and said', async () => {
  const missing = { points: ['old'], message: 'recovery point old is not there' };
  const offer = await offering(async () => ({ kept: [], removed: [], missing }), { uid: 'uid-1' });
  expect(offer).toMatchObject({ points: [], missing: ['old'], problem: 'recovery point old is not there' });
});

test('what was missing stays so while the store cannot be looked at', async () => {
  const offer = await offering(
    () => Promise.reject(new StoreError('StoreUnavailable', 'no answer')),
    { uid: 'uid-1' },
    { status: { missingPoints: [{ name: 'lost' }] } },
  );
  expect(offer.missing).toEqual(['lost']);
});

test('a point that a former scenario has left snapshots of is to be in the store, and missing while nobody knows', async () => {
  const its = { status: { recoveryPoints: [] }, former: ['of-former'] };
  const { names } = await looking(its);
  expect(names).toEqual(['of-former']);

  const unknown = new StoreError('StoreUnavailable', 'no answer');
  const offer = await offering(() => Promise.reject(unknown), { uid: 'uid-1' }, its);
  expect(offer.missing).toEqual(['of-former']);
});

test('points of a store that the scenario had before are not missing from the new one, and what was missing there stays told', async () => {
  const former = { filesystem: { path: '/former' } };
  const status = {
    recoveryPoints: [{ ...listed('former', '2026-11-23T12:00:00Z'), store: former }],
    missingPoints: [
      { name: 'lost-there', store: former },
      { name: 'given-up-there', store: former },
      { name: 'lost-here' },
    ],
  };
  const annotations = { 'antipode.dev/points-gone': 'given-up-there' };
  const { names, offer } = await looking({ status, annotations });

  expect(names).toEqual(['lost-here']);
  expect(offer).toMatchObject({ store: {}, missing: ['lost-here', 'lost-there'] });
});

test('a point that a former scenario has left snapshots of can be given up too, and is asked for once', async () => {
  const its = {
    status: { recoveryPoints: [listed('found')], missingPoints: [{ name: 'lost' }] },
    annotations: { 'antipode.dev/points-gone': 'given-up' },
    former: ['found', 'given-up', 'lost', 'unknown'],
  };
  const { names } = await looking(its);

  expect(names).toEqual(['found', 'lost', 'unknown']);
});
