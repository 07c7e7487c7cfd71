/** Readiness where something is wrong for longer than a moment: Pods that crash again and again, a webhook that nobody answers. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Lab } from '../../../hack/lab/types.ts';
import type { Fields } from '../../../src/api/fields.ts';
import { getLab } from '../lab.ts';
import { aNamespace, apply } from '../support/antipode.ts';
import { type Judging, judging } from './judging.ts';
import { addCrashingNode, crash, ON_CRASHING_NODE, removeCrashingNode } from './kubelet.ts';

const NAMESPACE = 'readiness-trouble';
const WEBHOOK = 'readiness-trouble.example.com';
let lab: Lab;
let judged: Judging;

beforeAll(async () => {
  lab = await getLab();
  judged = await judging(lab.recovery, NAMESPACE);
  await apply(lab.recovery, [aNamespace(NAMESPACE)]);
  await addCrashingNode(lab.recovery);
});

afterAll(async () => {
  await judged.close();
  const leftovers = [`validatingwebhookconfiguration/${WEBHOOK}`, `namespace/${NAMESPACE}`];
  await lab.recovery.kubectl(['delete', ...leftovers, '--ignore-not-found', '--wait=false']);
  await removeCrashingNode(lab.recovery);
});

const podOf = (name: string, spec: Fields = {}) => ({
  metadata: { labels: { app: name } },
  spec: { containers: [{ name: 'app', image: 'registry.example.com/app:1' }], ...spec },
});
const deployment = (name: string, changes: Fields, pod: Fields = {}): Fields => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name, namespace: NAMESPACE },
  spec: {
    replicas: 2,
    selector: { matchLabels: { app: name } },
    template: podOf(name, pod),
    ...changes,
  },
});

describe('what crashes again and again', () => {
  it('is waited for as a Pod, and says why, for what it needs may come yet', async () => {
    const { metadata, spec } = podOf('alone', ON_CRASHING_NODE);
    const named = { ...metadata, name: 'alone', namespace: NAMESPACE };
    await apply(lab.recovery, [{ apiVersion: 'v1', kind: 'Pod', metadata: named, spec }]);
    await crash(lab.recovery, NAMESPACE, 'alone', 1);
    expect(await judged.expectStaysProgressing('pod', 'alone')).toEqual({
      kind: 'progressing',
      message: 'waiting: CrashLoopBackOff',
    });
  });

  it('is never a Deployment that is ready, and is waited for when its progress deadline has passed', async () => {
    await apply(lab.recovery, [deployment('looping', { progressDeadlineSeconds: 4 }, ON_CRASHING_NODE)]);
    await crash(lab.recovery, NAMESPACE, 'looping', 2);
    const why = /timed out progressing/;
    expect(await judged.expectStaysProgressing('deployment', 'looping', why)).toMatchObject({
      kind: 'progressing',
    });
  });
});

describe('a webhook', () => {
  it('that must be asked is ready when a Pod behind its Service is', async () => {
    const service = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'policy', namespace: NAMESPACE },
      spec: { selector: { app: 'policy' }, ports: [{ port: 443 }] },
    };
    // It judges a kind that nothing here has, so that only its own readiness is at stake.
    const configuration = {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingWebhookConfiguration',
      metadata: { name: WEBHOOK },
      webhooks: [
        {
          name: WEBHOOK,
          admissionReviewVersions: ['v1'],
          sideEffects: 'None',
          failurePolicy: 'Fail',
          clientConfig: { service: { namespace: NAMESPACE, name: 'policy' } },
          rules: [
            {
              apiGroups: ['no.example.com'],
              apiVersions: ['v1'],
              operations: ['CREATE'],
              resources: ['none'],
            },
          ],
        },
      ],
    };
    await apply(lab.recovery, [configuration]);
    const judge = () => judged.judge('validatingwebhookconfiguration', WEBHOOK);
    expect(await judge()).toEqual({ kind: 'ready' });

    await apply(lab.recovery, [service, deployment('policy', { replicas: 0 })]);
    expect(await judged.expectStaysProgressing('validatingwebhookconfiguration', WEBHOOK)).toEqual({
      kind: 'progressing',
      message: `nothing answers at Service/${NAMESPACE}/policy yet`,
    });

    await apply(lab.recovery, [deployment('policy', { replicas: 1 })]);
    await judged.expectBecomes('validatingwebhookconfiguration', WEBHOOK, 'ready');
  });
});
