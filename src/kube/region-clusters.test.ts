import { expect, test } from 'vitest';
import type { KubeObject } from '../api/object.ts';
import { instant, millis, seconds } from '../domain/time.ts';
import { type ManualClock, manualClock } from '../testing/manual-clock.ts';
import { partialCluster } from '../testing/region.ts';
import { silent } from '../testing/silent-log.ts';
import type { Cluster, ClusterAccess, Informer, InformerOptions, ResourceType } from './cluster.ts';
import type { Connection } from './kubeconfig.ts';
import { startRegionClusters } from './region-clusters.ts';
import type { RenewableCluster } from './renewable-cluster.ts';
import { CLOSE_GRACE } from './retired-clients.ts';
import { kubeconfigOf } from './testing/api-server.ts';
import { CERTIFICATE } from './testing/certificates.ts';

const never = new AbortController().signal;
const WEST = 'https://west.test:6443';

/** What a client of a region was told to do. */
interface Client {
  readonly cluster: RenewableCluster;
  readonly connections: Connection[];
  isOpen: boolean;
}

const kubeconfig = (token: string, server = WEST, authority = CERTIFICATE): string =>
  kubeconfigOf(server, { token }, authority);

/** The objective with one RegionHealth and the Secret it names, each as the test sets it. */
async function world(first: string | undefined) {
  const clock = manualClock(instant(Date.parse('2026-06-01T00:00:00Z')));
  const stop = new AbortController();
  const changed = new Map<string, InformerOptions['onChange']>();
  const state = { kubeconfig: first, isDeclared: true };
  const region: KubeObject = {
    apiVersion: 'antipode.dev/v1alpha1',
    kind: 'RegionHealth',
    metadata: { name: 'west' },
    spec: { clusterRef: { secretName: 'west' } },
  };
  const objects = (kind: string): KubeObject[] => {
    if (kind === 'RegionHealth') return state.isDeclared ? [region] : [];
    if (state.kubeconfig === undefined) return [];
    const data = { kubeconfig: Buffer.from(state.kubeconfig).toString('base64') };
    return [{ apiVersion: 'v1', kind: 'Secret', metadata: { name: 'west', namespace: 'antipode' }, data }];
  };
  const informer = ({ kind }: ResourceType, { onChange }: InformerOptions): Informer => {
    changed.set(kind, onChange);
    return {
      get: ({ name }) => objects(kind).find(({ metadata }) => metadata.name === name),
      list: () => objects(kind),
      synced: async () => undefined,
      staleness: () => millis(0),
      position: () => '1',
      refusal: () => undefined,
    };
  };
  const clients: Client[] = [];
  const connect = (connection: Connection, name: string): RenewableCluster => {
    const client: Client = {
      connections: [connection],
      isOpen: true,
      cluster: {
        ...partialCluster(name, {
          close: async () => {
            client.isOpen = false;
          },
        }),
        renew: (renewed) => client.connections.push(renewed),
      },
    };
    clients.push(client);
    return client.cluster;
  };
  const objective = partialCluster('objective', { informer });
  const clusters = startRegionClusters(
    { objective, namespace: 'antipode', clock, log: silent, connect, onChange: () => undefined },
    stop.signal,
  );
  await clusters.synced(never);
  return {
    clock,
    clients,
    access: () => clusters.region('west'),
    stop: () => stop.abort(),
    put: (text: string | undefined) => {
      state.kubeconfig = text;
      changed.get('Secret')?.({ group: '', kind: 'Secret', namespace: 'antipode', name: 'west' });
    },
    declare: (isDeclared: boolean) => {
      state.isDeclared = isDeclared;
      changed.get('RegionHealth')?.({ group: 'antipode.dev', kind: 'RegionHealth', name: 'west' });
    },
  };
}

function clusterOf(access: ClusterAccess): Cluster | undefined {
  return access.kind === 'available' ? access.cluster : undefined;
}

const tokensOf = ({ connections }: Client) =>
  connections.map(({ kubeConfig }) => kubeConfig.getCurrentUser()?.token);
const afterTheGrace = (clock: ManualClock): Promise<void> => clock.advance(millis(CLOSE_GRACE + seconds(1)));

test('whoever holds the client of a region holds one that works, however often its kubeconfig is rotated', async () => {
  const { clock, clients, access, put } = await world(kubeconfig('1'));
  const held = clusterOf(access());
  for (const token of ['2', '3', '4']) {
    put(kubeconfig(token));
    await afterTheGrace(clock);
  }
  expect(clusterOf(access())).toBe(held);
  expect(clients.map(tokensOf)).toEqual([['1', '2', '3', '4']]);
  expect(clients.map(({ isOpen }) => isOpen)).toEqual([true]);
});

test.each([
  ['another server', kubeconfig('1', 'https://east.test:6443')],
  ['a server with another certificate authority', kubeconfig('1', WEST, `${CERTIFICATE}\n`)],
])(
  '%s is another cluster at once, and the client of the former is closed after the grace',
  async (_, other) => {
    const { clock, clients, access, put } = await world(kubeconfig('1'));
    const held = clusterOf(access());
    put(other);
    expect(clusterOf(access())).toBe(clients[1]?.cluster);
    expect(clusterOf(access())).not.toBe(held);
    await clock.advance(millis(CLOSE_GRACE - 1));
    expect(clients.map(({ isOpen }) => isOpen)).toEqual([true, true]);
    await clock.advance(millis(1));
    expect(clients.map(({ isOpen }) => isOpen)).toEqual([false, true]);
  },
);

test('a Secret that is deleted and made anew within the grace keeps its client; nothing can be reached meanwhile', async () => {
  const { clock, clients, access, put } = await world(kubeconfig('1'));
  expect(access().kind).toBe('available');
  put(undefined);
  expect(access()).toMatchObject({ kind: 'unavailable', reason: 'KubeconfigSecretNotFound' });
  await clock.advance(seconds(10));
  put(kubeconfig('2'));
  await afterTheGrace(clock);
  expect(clients.map(tokensOf)).toEqual([['1', '2']]);
  expect(clients.map(({ isOpen }) => isOpen)).toEqual([true]);
  expect(clusterOf(access())).toBe(clients[0]?.cluster);
});

test('a RegionHealth that is gone for longer than the grace gets a new client when it comes back', async () => {
  const { clock, clients, access, declare } = await world(kubeconfig('1'));
  expect(access().kind).toBe('available');
  declare(false);
  expect(access()).toMatchObject({ reason: 'RegionNotFound' });
  await afterTheGrace(clock);
  declare(true);
  expect(clusterOf(access())).toBe(clients[1]?.cluster);
  expect(clients.map(({ isOpen }) => isOpen)).toEqual([false, true]);
});

test('when everything stops all clients are closed at once, those in their grace too', async () => {
  const { clock, clients, access, put, stop } = await world(kubeconfig('1'));
  expect(access().kind).toBe('available');
  put(kubeconfig('1', 'https://east.test:6443'));
  stop();
  await clock.advance(millis(0));
  expect(clients.map(({ isOpen }) => isOpen)).toEqual([false, false]);
  expect(clock.sleeping()).toBe(0);
});
