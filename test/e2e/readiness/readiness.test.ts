/** The readiness table against what the real controllers write, for what runs Pods: each row is a live object that ends in one state. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Lab } from '../../../hack/lab/types.ts';
import type { Fields } from '../../../src/api/fields.ts';
import type { Readiness } from '../../../src/domain/graph/types.ts';
import { getLab } from '../lab.ts';
import { aNamespace, apply } from '../support/antipode.ts';
import { type Judging, judging } from './judging.ts';
import { NOWHERE, objectIn, template } from './objects.ts';

const NAMESPACE = 'readiness';
let lab: Lab;
let judged: Judging;

beforeAll(async () => {
  lab = await getLab();
  judged = await judging(lab.recovery, NAMESPACE);
  await apply(lab.recovery, [aNamespace(NAMESPACE)]);
});

afterAll(async () => {
  await judged.close();
  await lab.recovery.kubectl(['delete', `namespace/${NAMESPACE}`, '--ignore-not-found', '--wait=false']);
});

const APP = (name: string) => ({ matchLabels: { app: name } });
const object = objectIn(NAMESPACE);
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
const expectBecomes = (kind: string, name: string, expected: Readiness['kind']) =>
  judged.expectBecomes(kind, name, expected);
const expectStaysProgressing = (kind: string, name: string, why?: RegExp) =>
  judged.expectStaysProgressing(kind, name, why);

describe.concurrent('a Deployment', () => {
  it('is ready when all of its replicas are available', async () => {
    await apply(lab.recovery, [deployment('fine')]);
    expect(await expectBecomes('deployment', 'fine', 'ready')).toEqual({ kind: 'ready' });
  });

  it('whose Pods fit on no node is progressing, and says how many are missing', async () => {
    await apply(lab.recovery, [deployment('nowhere', {}, NOWHERE)]);
    expect(await expectStaysProgressing('deployment', 'nowhere', /0 of 2/)).toMatchObject({
      kind: 'progressing',
    });
  });

  it('is waited for when its progress deadline has passed, and says so', async () => {
    await apply(lab.recovery, [deployment('late', { progressDeadlineSeconds: 2 }, NOWHERE)]);
    const why = /0 of 2 .*timed out progressing/;
    expect(await expectStaysProgressing('deployment', 'late', why)).toMatchObject({ kind: 'progressing' });
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

describe.concurrent('another keeper of replicas', () => {
  const keeper = (apiVersion: string, kind: string, changes: Fields = {}): Fields => {
    const name = kind.toLowerCase();
    return object(apiVersion, kind, name, { selector: APP(name), template: template(name), ...changes });
  };

  it('such as a ReplicaSet is ready when all of its replicas are', async () => {
    await apply(lab.recovery, [keeper('apps/v1', 'ReplicaSet', { replicas: 2 })]);
    await expectBecomes('replicaset', 'replicaset', 'ready');
  });

  it('such as a ReplicationController is ready when all of its replicas are', async () => {
    const selector = { app: 'replicationcontroller' };
    await apply(lab.recovery, [keeper('v1', 'ReplicationController', { replicas: 2, selector })]);
    await expectBecomes('replicationcontroller', 'replicationcontroller', 'ready');
  });

  it('such as a DaemonSet is ready when it runs on every node', async () => {
    await apply(lab.recovery, [keeper('apps/v1', 'DaemonSet')]);
    await expectBecomes('daemonset', 'daemonset', 'ready');
  });
});

describe.concurrent('a StatefulSet', () => {
  it('is ready when it is rolled out', async () => {
    await apply(lab.recovery, [statefulSet('ordered')]);
    await expectBecomes('statefulset', 'ordered', 'ready');
  });

  it('whose Pods fit on no node is progressing', async () => {
    const changes = { template: template('stuck', NOWHERE) };
    await apply(lab.recovery, [statefulSet('stuck', changes)]);
    await expectStaysProgressing('statefulset', 'stuck');
  });

  it('under a partition is ready when the Pods above it are replaced, and the others are as they were', async () => {
    const partition = { updateStrategy: { type: 'RollingUpdate', rollingUpdate: { partition: 1 } } };
    await apply(lab.recovery, [statefulSet('in-part', partition)]);
    await expectBecomes('statefulset', 'in-part', 'ready');
    const changed = template('in-part', { terminationGracePeriodSeconds: 0 });
    await apply(lab.recovery, [statefulSet('in-part', { ...partition, template: changed })]);
    await expectBecomes('statefulset', 'in-part', 'ready');
    const status = ['-n', NAMESPACE, 'get', 'statefulset', 'in-part', '-o', 'jsonpath={.status}'];
    const { currentRevision, updateRevision, updatedReplicas } = JSON.parse(
      await lab.recovery.kubectl(status),
    );
    expect(updatedReplicas).toBe(1);
    expect(currentRevision).not.toBe(updateRevision);
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

describe.concurrent('a Job', () => {
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
