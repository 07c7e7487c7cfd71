/** The readiness table against what the real controllers write: each row is a live object that ends in one state. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { DeadlineError, waitFor } from '../../../hack/harness/wait.ts';
import type { Lab } from '../../../hack/lab/types.ts';
import type { Fields } from '../../../src/api/fields.ts';
import type { KubeObject } from '../../../src/api/object.ts';
import { readinessOf } from '../../../src/domain/graph/readiness.ts';
import type { Readiness, ReadinessContext } from '../../../src/domain/graph/types.ts';
import { getLab } from '../lab.ts';
import { aNamespace, apply } from '../support/antipode.ts';

const NAMESPACE = 'readiness';
const WAITING_CLASS = 'readiness-waits-for-consumer';
const context: ReadinessContext = {
  bindingMode: (storageClass) => (storageClass === WAITING_CLASS ? 'WaitForFirstConsumer' : 'Immediate'),
};
let lab: Lab;

beforeAll(async () => {
  lab = await getLab();
  await apply(lab.recovery, [aNamespace(NAMESPACE)]);
});

afterAll(async () => {
  const leftovers = [
    'crd/widgets.readiness.example.com',
    'crd/gadgets.readiness.example.com',
    `storageclass/${WAITING_CLASS}`,
  ];
  await lab.recovery.kubectl([
    'delete',
    ...leftovers,
    `namespace/${NAMESPACE}`,
    '--ignore-not-found',
    '--wait=false',
  ]);
});

const APP = (name: string) => ({ matchLabels: { app: name } });
const NOWHERE = { nodeSelector: { 'test.example.com/no-such-node': 'true' } };
const template = (name: string, spec: Fields = {}) => ({
  metadata: { labels: { app: name } },
  spec: { containers: [{ name: 'app', image: 'registry.example.com/app:1' }], ...spec },
});
const object = (apiVersion: string, kind: string, name: string, spec: Fields): Fields => ({
  apiVersion,
  kind,
  metadata: { name, namespace: NAMESPACE },
  spec,
});
const deployment = (name: string, changes: Fields = {}, pod: Fields = {}): Fields =>
  object('apps/v1', 'Deployment', name, {
    replicas: 2,
    selector: APP(name),
    template: template(name, pod),
    ...changes,
  });
const statefulSet = (name: string, changes: Fields = {}): Fields =>
  object('apps/v1', 'StatefulSet', name, {
    replicas: 2,
    serviceName: name,
    selector: APP(name),
    template: template(name),
    ...changes,
  });
const job = (name: string, changes: Fields, pod: Fields = {}): Fields =>
  object('batch/v1', 'Job', name, {
    template: template(name, { restartPolicy: 'Never', ...pod }),
    ...changes,
  });
const claim = (name: string, storageClassName: string): Fields =>
  object('v1', 'PersistentVolumeClaim', name, {
    accessModes: ['ReadWriteOnce'],
    resources: { requests: { storage: '1Mi' } },
    storageClassName,
  });

async function judge(kind: string, name: string): Promise<Readiness> {
  const live: KubeObject = JSON.parse(
    await lab.recovery.kubectl(['-n', NAMESPACE, 'get', kind, name, '-o', 'json']),
  );
  return readinessOf(live, context);
}

/** Waits until the live object is judged `expected`; every earlier judgement must have been progressing. */
async function expectBecomes(kind: string, name: string, expected: Readiness['kind']): Promise<Readiness> {
  const before: Readiness['kind'][] = [];
  const end = await waitFor({ what: `${kind} ${name} to be ${expected}`, seconds: 45 }, async () => {
    const readiness = await judge(kind, name);
    if (readiness.kind === expected) return readiness;
    before.push(readiness.kind);
    return undefined;
  });
  expect(before.filter((state) => state !== 'progressing')).toEqual([]);
  return end;
}

/** It stays `progressing` for as long as such an object takes to become ready here, several times over. */
async function expectStaysProgressing(kind: string, name: string): Promise<Readiness> {
  const changed = waitFor({ what: 'any other state', seconds: 8, every: 500 }, async () => {
    const readiness = await judge(kind, name);
    return readiness.kind === 'progressing' ? undefined : readiness;
  });
  await expect(changed).rejects.toThrow(DeadlineError);
  return judge(kind, name);
}

describe('a Deployment', () => {
  it('is ready when all of its replicas are available', async () => {
    await apply(lab.recovery, [deployment('fine')]);
    expect(await expectBecomes('deployment', 'fine', 'ready')).toEqual({ kind: 'ready' });
  });

  it('whose Pods fit on no node is progressing, and says how many are missing', async () => {
    await apply(lab.recovery, [deployment('nowhere', {}, NOWHERE)]);
    expect(await expectStaysProgressing('deployment', 'nowhere')).toMatchObject({
      message: expect.stringContaining('0 of 2'),
    });
  });

  it('has failed when its progress deadline has passed', async () => {
    await apply(lab.recovery, [deployment('late', { progressDeadlineSeconds: 2 }, NOWHERE)]);
    await expectBecomes('deployment', 'late', 'failed');
  });

  it('that is paused before its first rollout has failed, for it will start nothing', async () => {
    await apply(lab.recovery, [deployment('paused', { paused: true })]);
    expect(await expectBecomes('deployment', 'paused', 'failed')).toMatchObject({
      message: expect.stringContaining('paused'),
    });
  });

  it('is not ready before its Pods have been ready for minReadySeconds', async () => {
    await apply(lab.recovery, [deployment('settling', { minReadySeconds: 6 })]);
    const started = performance.now();
    await expectBecomes('deployment', 'settling', 'ready');
    expect(performance.now() - started).toBeGreaterThan(5_000);
  });
});

describe('a StatefulSet', () => {
  it('is ready when it is rolled out', async () => {
    await apply(lab.recovery, [statefulSet('ordered')]);
    await expectBecomes('statefulset', 'ordered', 'ready');
  });

  it('under OnDelete stays ready when its template changes, for nothing is replaced', async () => {
    const onDelete = { updateStrategy: { type: 'OnDelete' } };
    await apply(lab.recovery, [statefulSet('by-hand', onDelete)]);
    await expectBecomes('statefulset', 'by-hand', 'ready');
    const changed = template('by-hand', { terminationGracePeriodSeconds: 5 });
    await apply(lab.recovery, [statefulSet('by-hand', { ...onDelete, template: changed })]);
    await expectBecomes('statefulset', 'by-hand', 'ready');
  });
});

describe('a Job', () => {
  it('is ready when it is complete', async () => {
    await apply(lab.recovery, [job('done', {})]);
    await expectBecomes('job', 'done', 'ready');
  });

  it('has failed when its deadline has passed', async () => {
    await apply(lab.recovery, [job('overdue', { activeDeadlineSeconds: 1 }, NOWHERE)]);
    await expectBecomes('job', 'overdue', 'failed');
  });

  it('that is suspended is not waited for', async () => {
    await apply(lab.recovery, [job('suspended', { suspend: true })]);
    await expectBecomes('job', 'suspended', 'ready');
  });
});

describe('a PersistentVolumeClaim', () => {
  it('is ready when it is bound', async () => {
    await apply(lab.recovery, [claim('bound', 'standard')]);
    await expectBecomes('pvc', 'bound', 'ready');
  });

  it('of a class that waits for the first consumer does not wait for its consumer', async () => {
    await apply(lab.recovery, [
      {
        apiVersion: 'storage.k8s.io/v1',
        kind: 'StorageClass',
        metadata: { name: WAITING_CLASS },
        provisioner: 'kubernetes.io/no-provisioner',
        volumeBindingMode: 'WaitForFirstConsumer',
      },
      claim('waiting', WAITING_CLASS),
    ]);
    expect(await expectBecomes('pvc', 'waiting', 'ready')).toEqual({ kind: 'ready' });
  });

  it('of a class that nothing provides is progressing, and names the class', async () => {
    await apply(lab.recovery, [claim('unprovided', 'no-such-class')]);
    expect(await expectStaysProgressing('pvc', 'unprovided')).toMatchObject({
      message: expect.stringContaining('no-such-class'),
    });
  });
});

describe('others', () => {
  const definition = (plural: string, group: string, kind: string): Fields => ({
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `${plural}.${group}` },
    spec: {
      group,
      scope: 'Namespaced',
      names: { plural, singular: kind.toLowerCase(), kind },
      versions: [
        { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: { type: 'object' } } },
      ],
    },
  });

  it('a CustomResourceDefinition is ready when it is established, and failed when its names are taken', async () => {
    const group = 'readiness.example.com';
    await apply(lab.recovery, [definition('widgets', group, 'Widget')]);
    await expectBecomes('crd', `widgets.${group}`, 'ready');
    await apply(lab.recovery, [definition('gadgets', group, 'Widget')]);
    await expectBecomes('crd', `gadgets.${group}`, 'failed');
  });

  it('a LoadBalancer Service is ready when it has an address', async () => {
    await apply(lab.recovery, [
      object('v1', 'Service', 'balanced', {
        type: 'LoadBalancer',
        selector: { app: 'fine' },
        ports: [{ port: 80 }],
      }),
    ]);
    await expectBecomes('service', 'balanced', 'ready');
  });

  it('an APIService whose backend does not exist is progressing', async () => {
    await apply(lab.recovery, [
      {
        apiVersion: 'apiregistration.k8s.io/v1',
        kind: 'APIService',
        metadata: { name: 'v1.nobody.example.com' },
        spec: {
          group: 'nobody.example.com',
          version: 'v1',
          groupPriorityMinimum: 1,
          versionPriority: 1,
          insecureSkipTLSVerify: true,
          service: { namespace: NAMESPACE, name: 'nobody' },
        },
      },
    ]);
    try {
      await expectStaysProgressing('apiservice', 'v1.nobody.example.com');
    } finally {
      await lab.recovery.kubectl(['delete', 'apiservice', 'v1.nobody.example.com']);
    }
  });
});
