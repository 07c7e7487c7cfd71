/** A warm standby on real clusters: there as a whole, nothing of it at work, and at work when it is needed. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { untilExecuted } from '../../../hack/harness/executions.ts';
import { waitFor } from '../../../hack/harness/wait.ts';
import type { Lab } from '../../../hack/lab/types.ts';
import { arrayAt, at, type Fields, isFields, textAt } from '../../../src/api/fields.ts';
import type { KubeObject } from '../../../src/api/object.ts';
import { STANDBY_ANNOTATION } from '../../../src/domain/standby/mark.ts';
import { getLab } from '../lab.ts';
import {
  type Antipode,
  aNamespace,
  apply,
  aScenario,
  conditionIn,
  installOn,
  untilScenario,
} from '../support/antipode.ts';
import { configMap, HOSTNAME_ANNOTATION, standbyShop } from './shop.ts';

const DR = 'standby-dr';
const SHOP = 'standby-shop';
const KEY = { namespace: DR, name: 'shop' };
let lab: Lab;
let antipode: Antipode;

beforeAll(async () => {
  lab = await getLab();
  antipode = await installOn(lab, { regionValues: ['recovery.removal=true'] });
  await apply(lab.source, standbyShop(SHOP));
  await lab.source.kubectl(['-n', SHOP, 'rollout', 'status', 'deployment/web', '--timeout=180s']);
  // Somebody else's, in the same place.
  await apply(lab.recovery, [aNamespace(SHOP), configMap(SHOP, 'foreign', 'green')]);
  await apply(lab.objective, [
    aNamespace(DR),
    aScenario(lab, {
      ...KEY,
      namespaces: [SHOP],
      spec: { objectives: { rpo: '10s', rto: '2m' }, replication: { standby: 'Warm' } },
    }),
  ]);
  await untilReady('True');
});

afterAll(async () => {
  await antipode?.remove();
  // Its CronJob would go on making Jobs under the tests that come after.
  const leftovers = [`namespace/${SHOP}`, `validatingwebhookconfiguration/${SHOP}`];
  for (const cluster of [lab.source, lab.recovery])
    await cluster.kubectl(['delete', ...leftovers, '--ignore-not-found', '--wait=false']);
});

const untilReady = (status: string, reason?: string): Promise<Fields> =>
  untilScenario(lab, antipode, KEY, `StandbyReady ${status} ${reason ?? ''}`, (seen) => {
    const ready = conditionIn(seen, 'StandbyReady');
    return ready?.status === status && (reason === undefined || ready.reason === reason);
  });

const inRecovery = (...args: string[]): Promise<string> => lab.recovery.kubectl(['-n', SHOP, ...args]);

async function read(kind: string, name: string): Promise<KubeObject | undefined> {
  const text = await inRecovery('get', kind, name, '-o', 'json', '--ignore-not-found');
  return text.trim() === '' ? undefined : JSON.parse(text);
}

const until = (what: string, look: () => Promise<boolean>): Promise<true> =>
  waitFor({ what, seconds: 120 }, async () => ((await look()) ? (true as const) : undefined));

describe('a standby', () => {
  it('has every workload, and runs no Pod', async () => {
    expect(at(await read('deployment', 'web'), 'spec', 'replicas')).toBe(0);
    expect(at(await read('statefulset', 'db'), 'spec', 'replicas')).toBe(0);
    expect(at(await read('cronjob', 'report'), 'spec', 'suspend')).toBe(true);
    await until('the controllers to have looked at the workloads', async () => {
      const kinds = ['deployment/web', 'statefulset/db', 'daemonset/agent'];
      const seen: { items: KubeObject[] } = JSON.parse(await inRecovery('get', ...kinds, '-o', 'json'));
      return seen.items.every(
        (item) => at(item, 'status', 'observedGeneration') === item.metadata.generation,
      );
    });
    expect(at(await read('daemonset', 'agent'), 'status', 'desiredNumberScheduled')).toBe(0);
    expect(await inRecovery('get', 'pods,jobs', '-o', 'name')).toBe('');
  });

  it('announces nothing and intercepts nothing', async () => {
    const service = await read('service', 'web');
    expect(at(service, 'spec', 'type')).toBe('ClusterIP');
    expect(service?.metadata.annotations).not.toHaveProperty(HOSTNAME_ANNOTATION);
    for (const [kind, name] of [
      ['ingress', 'web'],
      ['hpa', 'web'],
      ['validatingwebhookconfiguration', SHOP],
    ] as const)
      expect(await read(kind, name), kind).toBeUndefined();
  });

  it('holds what only is, as it was', async () => {
    expect((await read('secret', 'db'))?.['data']).toEqual({ password: 'aHVudGVyMg==' });
    expect((await read('configmap', 'settings'))?.['data']).toEqual({ colour: 'blue' });
  });

  it('says in the object what was changed, and in the scenario what is held back', async () => {
    const mark = (await read('deployment', 'web'))?.metadata.annotations?.[STANDBY_ANNOTATION] ?? '';
    expect(JSON.parse(mark)).toEqual({ changes: [{ field: '/spec/replicas', was: 3 }] });
    const { standby, recoveryPoint } = await untilReady('True');
    expect(standby).toMatchObject({ region: lab.recovery.name, differences: [] });
    expect(at(standby, 'applied')).toBe(Number(at(standby, 'objects')) - Number(at(standby, 'heldBack')));
    expect(Number(at(standby, 'heldBack'))).toBeGreaterThanOrEqual(3);
    expect(textAt(recoveryPoint, 'name')).toBeDefined();
  });

  it('is not the scenario deciding over what others have put there', async () => {
    expect((await read('configmap', 'foreign'))?.['data']).toEqual({ colour: 'green' });
  });
});

describe('a standby that somebody changes', () => {
  it('is put right, and that is said', async () => {
    await inRecovery('scale', 'deployment/web', '--replicas=2');
    await inRecovery('patch', 'configmap', 'settings', '-p', '{"data":{"colour":"pink"}}');
    await until('the Deployment to be scaled back', async () => {
      return at(await read('deployment', 'web'), 'spec', 'replicas') === 0;
    });
    await until('the ConfigMap to be put right', async () => {
      return at(await read('configmap', 'settings'), 'data', 'colour') === 'blue';
    });
    await until('an Event', async () => {
      const events = await lab.objective.kubectl(['-n', DR, 'get', 'events', '-o', 'json']);
      const seen = arrayAt(JSON.parse(events), 'items').filter(isFields);
      const messages = seen
        .filter((event) => event['reason'] === 'StandbyRepaired')
        .map((event) => textAt(event, 'message') ?? textAt(event, 'note') ?? '')
        .join('\n');
      return messages.includes(`Deployment.apps/${SHOP}/web`) && messages.includes('spec.replicas');
    });
    const noPods = async (): Promise<boolean> => (await inRecovery('get', 'pods', '-o', 'name')) === '';
    expect(await until('its Pods to be gone', noPods)).toBe(true);
  });
});

describe('a source that changes', () => {
  it('takes along what it changes, and what it loses, and nothing of others', async () => {
    await apply(lab.source, [configMap(SHOP, 'settings', 'violet')]);
    await lab.source.kubectl(['-n', SHOP, 'delete', 'configmap', 'extra']);
    await until('the change', async () => {
      return at(await read('configmap', 'settings'), 'data', 'colour') === 'violet';
    });
    await until('the ConfigMap to be pruned', async () => (await read('configmap', 'extra')) === undefined);
    expect((await read('configmap', 'foreign'))?.['data']).toEqual({ colour: 'green' });
  });

  it('has a collision named before anything is touched', async () => {
    await apply(lab.source, [configMap(SHOP, 'foreign', 'black'), configMap(SHOP, 'new', 'white')]);
    const status = await untilReady('False', 'StandbyCollision');
    expect(conditionIn(status, 'StandbyReady')?.message).toContain(`ConfigMap/${SHOP}/foreign`);
    expect((await read('configmap', 'foreign'))?.['data']).toEqual({ colour: 'green' });
    expect(await read('configmap', 'new')).toBeUndefined();
    await lab.source.kubectl(['-n', SHOP, 'delete', 'configmap', 'foreign', 'new']);
    await untilReady('True');
  });
});

describe('a standby that is not wanted any more', () => {
  const key = { namespace: DR, name: 'short' };
  const namespace = 'standby-short';
  const standby = (wish: string) =>
    aScenario(lab, { ...key, namespaces: [namespace], spec: { replication: { standby: wish } } });

  it('is removed, but for its namespace and what others have put there', async () => {
    await apply(lab.source, [
      aNamespace(namespace),
      configMap(namespace, 'settings', 'blue'),
      configMap(namespace, 'more', 'blue'),
    ]);
    await apply(lab.objective, [standby('Warm')]);
    const ready = (status: Fields) => conditionIn(status, 'StandbyReady')?.status === 'True';
    await untilScenario(lab, antipode, key, 'StandbyReady', ready);
    await apply(lab.recovery, [configMap(namespace, 'foreign', 'green')]);
    await apply(lab.objective, [standby('None')]);
    await untilScenario(lab, antipode, key, 'no standby', (status) => status['standby'] === undefined);
    const left = await lab.recovery.kubectl(['-n', namespace, 'get', 'configmaps', '-o', 'name']);
    expect(left.trim().split('\n').toSorted()).toEqual(['configmap/foreign', 'configmap/kube-root-ca.crt']);
    expect(await lab.recovery.kubectl(['get', 'namespace', namespace, '-o', 'name'])).toContain(namespace);
  });
});

describe('a failover onto a standby', () => {
  it('puts everything to work exactly as it was captured', async () => {
    await untilReady('True');
    await apply(lab.objective, [
      {
        apiVersion: 'antipode.dev/v1alpha1',
        kind: 'DRExecution',
        metadata: { name: 'go', namespace: DR },
        spec: { scenario: KEY.name, kind: 'Failover', recoveryPoint: 'latest', reason: 'a test' },
      },
    ]);
    const { status } = await untilExecuted(lab.objective, { namespace: DR, scenario: KEY.name }, 180);
    expect(status.message).toBeDefined();
    expect(status.phase).toBe('Succeeded');
    expect(at(await read('deployment', 'web'), 'spec', 'replicas')).toBe(3);
    expect(at(await read('deployment', 'web'), 'status', 'availableReplicas')).toBe(3);
    expect(at(await read('statefulset', 'db'), 'spec', 'replicas')).toBe(2);
    expect(at(await read('cronjob', 'report'), 'spec', 'suspend')).toBe(false);
    const agents = at(await read('daemonset', 'agent'), 'spec', 'template', 'spec', 'nodeSelector');
    expect(agents).toBeUndefined();
    const service = await read('service', 'web');
    expect(service?.['spec']).toMatchObject({ type: 'LoadBalancer', externalTrafficPolicy: 'Local' });
    expect(service?.metadata.annotations?.[HOSTNAME_ANNOTATION]).toBe(`${SHOP}.example.com`);
    for (const [kind, name] of [
      ['ingress', 'web'],
      ['hpa', 'web'],
    ] as const)
      expect(await read(kind, name), kind).toBeDefined();
  });

  it('leaves no object of the application marked as a standby', async () => {
    const kinds = 'deployments,statefulsets,daemonsets,cronjobs,services,configmaps,secrets,hpa,ingresses';
    const list: { items: KubeObject[] } = JSON.parse(await inRecovery('get', kinds, '-o', 'json'));
    expect(list.items.length).toBeGreaterThan(9);
    for (const item of list.items)
      expect(Object.keys(item.metadata.annotations ?? {}).join(), item.metadata.name).not.toContain(
        STANDBY_ANNOTATION,
      );
  });

  it('is over with it: the standby is not looked after any more', async () => {
    const status = await untilReady('False', 'FailedOver');
    expect(status['standby']).toBeUndefined();
    expect(at(await read('deployment', 'web'), 'spec', 'replicas')).toBe(3);
  });
});
