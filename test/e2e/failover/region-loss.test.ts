/** The promise as a whole: a shop is protected, its region is really killed, and it comes back elsewhere. */
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { askAuthority } from '../../../hack/harness/dns.ts';
import { type ExecutionSight, untilExecuted } from '../../../hack/harness/executions.ts';
import { deployShop, loadShop, type Shop } from '../../../hack/harness/shop.ts';
import { waitFor } from '../../../hack/harness/wait.ts';
import type { Lab, LabCluster } from '../../../hack/lab/types.ts';
import type { KubeObject } from '../../../src/api/object.ts';
import { getLab } from '../lab.ts';
import {
  type Antipode,
  aNamespace,
  apply,
  aScenario,
  conditionIn,
  FAILED_FOR,
  installOn,
  untilScenario,
} from '../support/antipode.ts';

const HOSTNAME = 'whole-path.dr.test';
const KEY = { namespace: 'whole-path-dr', scenario: 'shop' };
let lab: Lab;
let antipode: Antipode;
let shop: Shop;
let before: ReadonlyMap<string, KubeObject>;
let killedAtWall = 0;
let execution: ExecutionSight;

beforeAll(async () => {
  lab = await getLab();
  antipode = await installOn(lab);
  shop = await loadShop('whole-path');
  await deployShop(lab.source, shop);
  before = await objectsOf(lab.source, shop.namespaces);
  const [front, data] = shop.namespaces;
  const service = { namespace: front, name: 'web' };
  await apply(lab.objective, [
    aNamespace(KEY.namespace),
    aScenario(lab, {
      namespace: KEY.namespace,
      name: KEY.scenario,
      namespaces: shop.namespaces,
      spec: {
        dependencies: {
          edges: [
            { before: `StatefulSet/${data}/db`, after: `Deployment/${front}/orders` },
            { before: `Deployment/${front}/orders`, after: `Deployment/${front}/web` },
          ],
        },
        failover: { mode: 'Automatic' },
        dns: {
          records: [{ hostname: HOSTNAME, source: { service }, recovery: { service } }],
          authoritativeServers: [lab.dns.server],
        },
      },
    }),
  ]);
  await untilScenario(
    lab,
    antipode,
    { ...KEY, name: KEY.scenario },
    'Protected',
    ({ phase }) => phase === 'Protected',
  );
  await waitFor({ what: `${HOSTNAME} to answer with the source`, seconds: 120 }, async () =>
    (await askAuthority(lab.dns.server, HOSTNAME))?.[0]?.startsWith('127.1.') === true ? true : undefined,
  );
  killedAtWall = Date.now();
  await lab.source.kill();
  execution = await untilExecuted(lab.objective, KEY, FAILED_FOR + 180).catch(async (error: unknown) => {
    console.log(
      await lab.objective.kubectl(['-n', KEY.namespace, 'get', 'drs,drx', '-o', 'yaml']),
      (await antipode.log()).slice(-8000),
    );
    throw error;
  });
}, 900_000);

afterAll(async () => {
  await antipode?.remove();
  await lab?.source.start();
});

describe('a region that is killed', () => {
  it('is really dead: nothing listens on its API server any more', async () => {
    const { server } = JSON.parse(
      await lab.recovery.kubectl([
        '--kubeconfig',
        lab.source.kubeconfig,
        'config',
        'view',
        '--minify',
        '-o',
        'json',
      ]),
    ).clusters[0].cluster;
    await expect(connectTo(new URL(server))).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  });

  it('is judged Failed within the configured time and ten seconds', () => {
    const { plan } = execution.status;
    const verdictAfter = Date.parse(plan?.verdictAt ?? '') - killedAtWall;
    expect(plan?.sourceVerdict).toBe('Failed');
    expect(verdictAfter).toBeGreaterThan(FAILED_FOR * 1000 - 1500);
    expect(verdictAfter).toBeLessThan((FAILED_FOR + 10) * 1000);
  });

  it('is recovered, with DNS answering, within a minute of the verdict', () => {
    expect(execution.status.message).toBeDefined();
    expect(execution.status.phase).toBe('Succeeded');
    expect(execution.status.report?.achievedRtoMillis).toBeLessThan(60_000);
  });

  it('loses what was written between the newest verified point and the failure, to within two probe intervals', () => {
    const { plan, report } = execution.status;
    const truth = killedAtWall - Date.parse(plan?.pointConfirmedAt ?? '');
    expect(report?.achievedRpoMillis).toBeGreaterThanOrEqual(truth - 100);
    expect(report?.achievedRpoMillis).toBeLessThan(truth + 2500);
    expect(report?.achievedRpoMillis).toBeLessThan(25_000);
  });

  it('answers with the address of the recovery region', async () => {
    const [front] = shop.namespaces;
    const service: { status: { loadBalancer: { ingress: { ip: string }[] } } } = JSON.parse(
      await lab.recovery.kubectl(['-n', front, 'get', 'service', 'web', '-o', 'json']),
    );
    const fresh = service.status.loadBalancer.ingress[0]?.ip;
    expect(fresh).toMatch(/^127\.2\./);
    expect(await askAuthority(lab.dns.server, HOSTNAME)).toEqual([fresh]);
  });

  it('starts nothing before what it depends on was ready', () => {
    const steps = new Map((execution.status.steps ?? []).map((step) => [step.id, step]));
    let compared = 0;
    for (const step of steps.values()) {
      for (const need of step.needs ?? []) {
        compared += 1;
        expect(Date.parse(steps.get(need)?.finishedAt ?? ''), `${step.id} needs ${need}`).toBeLessThanOrEqual(
          Date.parse(step.startedAt ?? ''),
        );
      }
    }
    expect(compared).toBeGreaterThan(20);
    const orders = steps.get(`restore/Deployment.apps/${shop.namespaces[0]}/orders`);
    expect(orders?.needs).toContain(`restore/StatefulSet.apps/${shop.namespaces[1]}/db`);
  });

  it('says plainly that the data in volumes was not restored', () => {
    expect(execution.status.report?.warnings.join('\n')).toContain(
      `PersistentVolumeClaim/${shop.namespaces[1]}/data-db-0`,
    );
  });

  it('moves the scenario to the recovery region', async () => {
    const status = await untilScenario(
      lab,
      antipode,
      { ...KEY, name: KEY.scenario },
      'FailedOver',
      ({ phase }) => phase === 'FailedOver',
    );
    expect(status['activeRegion']).toBe(lab.recovery.name);
    expect(conditionIn(status, 'Protected')).toMatchObject({ status: 'False', reason: 'FailedOver' });
  });
});

describe('what was recovered', () => {
  let after: ReadonlyMap<string, KubeObject>;
  beforeAll(async () => {
    after = await objectsOf(lab.recovery, shop.namespaces);
  });

  it('has every Secret byte for byte', () => {
    const secrets = [...before].filter(([key]) => key.startsWith('Secret/'));
    expect(secrets.length).toBeGreaterThan(4);
    for (const [key, { data, type }] of secrets) expect(after.get(key), key).toMatchObject({ data, type });
  });

  it('has everything but what controllers and clusters make themselves and what had run to its end', () => {
    const missing = [...before.keys()].filter(
      (key) =>
        !after.has(key) &&
        !/^(Pod|ReplicaSet|ControllerRevision|EndpointSlice|Endpoints|PersistentVolume)\//.test(key),
    );
    expect(missing).toEqual([`Job/${shop.namespaces[0]}/migrate`]);
  });

  it('has no orphan ReplicaSet and exactly the Pods that its workloads ask for', async () => {
    const replicaSets = [...after].filter(([key]) => key.startsWith('ReplicaSet/'));
    expect(replicaSets.length).toBe(6);
    for (const [key, set] of replicaSets) {
      const [owner] = set.metadata.ownerReferences ?? [];
      const deployment = after.get(`Deployment/${set.metadata.namespace}/${owner?.name}`);
      expect(deployment?.metadata.uid, key).toBe(owner?.uid);
    }
    const pods = [...after.keys()].filter((key) => key.startsWith('Pod/'));
    // db 2, queue 1, redis 1, catalog 2, cart 2, orders 2, payments 2, web 3
    expect(pods.length).toBe(15);
  });

  it('replays nothing that the source server had set', () => {
    const copies = [...before].flatMap(([key, source]) => {
      const copy = after.get(key);
      return copy === undefined ? [] : [{ key, source, copy }];
    });
    const of = (kind: string) => copies.filter(({ key }) => key.startsWith(`${kind}/`));
    for (const { key, source, copy } of copies) expect(copy.metadata.uid, key).not.toBe(source.metadata.uid);
    for (const { key, source, copy } of of('PersistentVolumeClaim')) {
      expect(specOf(copy)['volumeName'], key).not.toBe(specOf(source)['volumeName']);
    }
    const balanced = of('Service').filter(({ source }) => specOf(source)['type'] === 'LoadBalancer');
    expect(balanced.length).toBe(1);
    for (const { source, copy } of balanced) expect(copy['status']).not.toEqual(source['status']);
    const addressed = of('Service').filter(({ source }) => specOf(source)['clusterIP'] !== 'None');
    expect(addressed.length).toBeGreaterThan(4);
    for (const { key, source, copy } of addressed) {
      expect(specOf(copy)['clusterIP'], key).not.toBe(specOf(source)['clusterIP']);
    }
    expect(specOf(after.get(`Service/${shop.namespaces[1]}/db`))['clusterIP']).toBe('None');
  });
});

describe('what the operator tells', () => {
  it('exports the objectives and what was achieved', async () => {
    const metrics = await antipode.operator().metrics();
    const scenario = `${KEY.namespace}/${KEY.scenario}`;
    for (const line of [
      `antipode_rpo_seconds{scenario="${scenario}",kind="target"} 20`,
      `antipode_rto_seconds{scenario="${scenario}",kind="target"} 120`,
      `antipode_rpo_seconds{scenario="${scenario}",kind="achieved"} ${(execution.status.report?.achievedRpoMillis ?? 0) / 1000}`,
      `antipode_region_verdict{region="${lab.source.name}",verdict="Failed"} 1`,
      `antipode_executions_total{scenario="${scenario}",kind="Failover",phase="Succeeded"} 1`,
    ])
      expect(metrics).toContain(line);
  });

  it('stays within 250 MiB', async () => {
    expect(await antipode.operator().memory()).toBeLessThan(250);
  });

  it('never shows a secret value in logs, Events, status or metrics', async () => {
    const [log, metrics, events, status] = await Promise.all([
      antipode.log(),
      antipode.operator().metrics(),
      lab.objective.kubectl(['get', 'events', '-A', '-o', 'yaml']),
      lab.objective.kubectl(['get', 'drs,drx,rh', '-A', '-o', 'yaml']),
    ]);
    expect(shop.secretValues.length).toBeGreaterThan(5);
    for (const text of [log, metrics, events, status]) {
      expect(text.length).toBeGreaterThan(100);
      for (const value of shop.secretValues) expect(text.includes(value)).toBe(false);
    }
  });

  it('tells the story in Events', async () => {
    const events = await lab.objective.kubectl([
      '-n',
      KEY.namespace,
      'get',
      'events',
      '-o',
      'custom-columns=R:.reason',
    ]);
    for (const reason of ['RecoveryPointVerified', 'FailoverStarted', 'ExecutionStarted', 'Recovered'])
      expect(events).toContain(reason);
  });
});

const specOf = (object: KubeObject | undefined): Record<string, unknown> =>
  (object?.['spec'] ?? {}) as Record<string, unknown>;

/** Everything in the namespaces, by `Kind/namespace/name`, Events and Leases apart. */
async function objectsOf(
  cluster: LabCluster,
  namespaces: readonly string[],
): Promise<ReadonlyMap<string, KubeObject>> {
  const kinds = (
    await cluster.kubectl(['api-resources', '--namespaced', '--verbs=list,create', '-o', 'name'])
  )
    .trim()
    .split('\n');
  const wanted = kinds.filter((kind) => !/^(events|leases|bindings)(\.|$)/.test(kind)).join(',');
  const objects = new Map<string, KubeObject>();
  for (const namespace of namespaces) {
    const list: { items: KubeObject[] } = JSON.parse(
      await cluster.kubectl(['-n', namespace, 'get', wanted, '-o', 'json', '--ignore-not-found']),
    );
    for (const item of list.items) objects.set(`${item.kind}/${namespace}/${item.metadata.name}`, item);
  }
  return objects;
}

function connectTo({ hostname, port }: URL): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: hostname, port: Number(port) }, () => {
      socket.destroy();
      resolve();
    });
    socket.once('error', reject);
  });
}
