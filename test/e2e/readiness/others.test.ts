/** The readiness table against what the real controllers write, for what runs no Pods of its own: claims, definitions, Services and the like. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { waitFor } from '../../../hack/harness/wait.ts';
import type { Lab } from '../../../hack/lab/types.ts';
import type { Fields } from '../../../src/api/fields.ts';
import type { Readiness } from '../../../src/domain/graph/types.ts';
import { getLab } from '../lab.ts';
import { aNamespace, apply } from '../support/antipode.ts';
import { type Judging, judging } from './judging.ts';
import { objectIn, template } from './objects.ts';

const NAMESPACE = 'readiness-others';
const WAITING_CLASS = 'readiness-waits-for-consumer';
let lab: Lab;
let judged: Judging;

beforeAll(async () => {
  lab = await getLab();
  judged = await judging(lab.recovery, NAMESPACE);
  await apply(lab.recovery, [aNamespace(NAMESPACE)]);
});

afterAll(async () => {
  await judged.close();
  const leftovers = [
    'crd/widgets.readiness.example.com',
    'crd/gadgets.readiness.example.com',
    `storageclass/${WAITING_CLASS}`,
    `namespace/${NAMESPACE}`,
  ];
  await lab.recovery.kubectl(['delete', ...leftovers, '--ignore-not-found', '--wait=false']);
});

const object = objectIn(NAMESPACE);
const claim = (name: string, storageClassName: string): Fields =>
  object('v1', 'PersistentVolumeClaim', name, {
    accessModes: ['ReadWriteOnce'],
    resources: { requests: { storage: '1Mi' } },
    storageClassName,
  });

const expectBecomes = (kind: string, name: string, expected: Readiness['kind']) =>
  judged.expectBecomes(kind, name, expected);
const expectStaysProgressing = (kind: string, name: string) => judged.expectStaysProgressing(kind, name);

describe.concurrent('a PersistentVolumeClaim', () => {
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

  it('whose volume is gone has failed', async () => {
    await apply(lab.recovery, [claim('bereft', 'standard')]);
    await expectBecomes('pvc', 'bereft', 'ready');
    const volumeName = ['-n', NAMESPACE, 'get', 'pvc', 'bereft', '-o', 'jsonpath={.spec.volumeName}'];
    const volume = await lab.recovery.kubectl(volumeName);
    await lab.recovery.kubectl(['delete', 'pv', volume, '--wait=false']);
    await lab.recovery.kubectl([
      'patch',
      'pv',
      volume,
      '--type=merge',
      '-p',
      '{"metadata":{"finalizers":null}}',
    ]);
    await waitFor({ what: 'the claim to be lost', seconds: 120 }, async () => {
      const { kind } = await judged.judge('pvc', 'bereft');
      return kind === 'failed' ? kind : undefined;
    });
  });
});

describe.concurrent('others', () => {
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

  it('a Pod is ready when its containers are', async () => {
    const { metadata, spec } = template('alone');
    await apply(lab.recovery, [
      {
        ...object('v1', 'Pod', 'alone', spec),
        metadata: { ...metadata, name: 'alone', namespace: NAMESPACE },
      },
    ]);
    await expectBecomes('pod', 'alone', 'ready');
  });

  it('a Namespace is ready when it is active, and progressing when it is on its way out', async () => {
    const name = 'readiness-leaving';
    await apply(lab.recovery, [
      aNamespace(name),
      {
        apiVersion: 'v1',
        kind: 'ConfigMap',
        metadata: { name: 'holds', namespace: name, finalizers: ['readiness.example.com/hold'] },
      },
    ]);
    await expectBecomes('namespace', name, 'ready');
    await lab.recovery.kubectl(['delete', 'namespace', name, '--wait=false']);
    expect(await judged.judge('namespace', name)).toMatchObject({ kind: 'progressing' });
    await lab.recovery.kubectl([
      '-n',
      name,
      'patch',
      'configmap',
      'holds',
      '--type=merge',
      '-p',
      '{"metadata":{"finalizers":null}}',
    ]);
  });

  it('an APIService that is served is ready', async () => {
    await expectBecomes('apiservice', 'v1.apps', 'ready');
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
