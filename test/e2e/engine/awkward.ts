/**
 * A small application in an older and a newer state, so that restoring the one
 * over the other needs every kind of write: what is new is created, what has
 * changed is applied, what cannot be changed is deleted and made anew, and what
 * goes before its owner is given it afterwards.
 */
import { groupOf, type KubeObject, objectKey } from '../../../src/api/object.ts';
import type { DRScenarioSpec } from '../../../src/api/v1alpha1/dr-scenario.ts';
import type { ScenarioIdentity } from '../../../src/engines/engine.ts';
import type { Cluster } from '../../../src/kube/cluster.ts';
import { definition } from './shop.ts';
import { specFor, untilServed } from './support.ts';

const HOLD = 'example.com/hold';
const WRITER = { fieldManager: 'somebody', force: true };
/** What is listed to see that nothing is there twice; what controllers make of it has names of its own. */
const LISTED = ['ConfigMap', 'Secret', 'Service', 'ServiceAccount', 'Deployment.apps'] as const;

export interface Awkward {
  readonly namespace: string;
  readonly scenario: ScenarioIdentity;
  readonly spec: DRScenarioSpec;
  /** Keys of what both states have and the newer can be changed into in place. */
  readonly mustStay: readonly string[];
  /** Keys of what somebody else has in the target. */
  readonly foreigners: readonly string[];
  /** Keys of what a namespace has beside what is restored. */
  readonly others: readonly string[];
  older(source: Cluster, signal: AbortSignal): Promise<void>;
  newer(source: Cluster, signal: AbortSignal): Promise<void>;
  foreign(target: Cluster, signal: AbortSignal): Promise<void>;
  /** By key. */
  listed(cluster: Cluster, signal: AbortSignal): Promise<ReadonlyMap<string, KubeObject>>;
  /** @param kind e.g. `ReplicaSet.apps` */
  ofKind(cluster: Cluster, kind: string, signal: AbortSignal): Promise<readonly KubeObject[]>;
  remove(source: Cluster, target: Cluster, signal: AbortSignal): Promise<void>;
}

export function awkward(name: string): Awkward {
  const namespace = name;
  const group = `${name}.example.com`;
  const object = (apiVersion: string, kind: string, its: string, rest: object = {}): KubeObject => ({
    apiVersion,
    kind,
    metadata: { name: its, namespace },
    ...rest,
  });
  const owned = (base: KubeObject, { apiVersion, kind, metadata }: KubeObject): KubeObject => {
    const owner = { apiVersion, kind, name: metadata.name, uid: metadata.uid ?? '' };
    return { ...base, metadata: { ...base.metadata, ownerReferences: [owner] } };
  };
  const configMap = (its: string, value: string): KubeObject =>
    object('v1', 'ConfigMap', its, { data: { value } });
  const held = (value: string): KubeObject => {
    const base = configMap('held', value);
    return { ...base, metadata: { ...base.metadata, finalizers: [HOLD] } };
  };
  const secret = (password: string): KubeObject =>
    object('v1', 'Secret', 'db', { immutable: true, stringData: { password } });
  const widget = (size: number): KubeObject => object(`${group}/v1`, 'Widget', 'gadget', { spec: { size } });
  const web = (app: string): KubeObject => deployment(object('apps/v1', 'Deployment', 'web'), app);
  const webhook = webhookFor(name, namespace, group);
  const key = (kind: string, its: string): string => `${kind}/${namespace}/${its}`;

  return {
    namespace,
    scenario: { namespace: 'dr', name, uid: `uid-${name}` },
    spec: specFor([namespace]),
    mustStay: [key('ConfigMap', 'settings'), key('ConfigMap', 'held'), key('Service', 'web')],
    foreigners: [key('ConfigMap', 'theirs')],
    others: [
      key('ConfigMap', 'kube-root-ca.crt'),
      key('ConfigMap', 'theirs'),
      key('ServiceAccount', 'default'),
    ],
    older: async (source, signal) => {
      const put = (made: KubeObject) => source.apply(made, WRITER, signal);
      await put({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
      await put(JSON.parse(JSON.stringify(definition(group))));
      await put(
        object('v1', 'Service', 'web', { spec: { selector: { app: 'old' }, ports: [{ port: 80 }] } }),
      );
      for (const made of [configMap('settings', '1'), held('1'), secret('first')]) await put(made);
      await put(owned(configMap('state', '1'), await put(web('old'))));
      await untilServed(source, widget(1), signal);
      await put(widget(1));
    },
    newer: async (source, signal) => {
      const put = (made: KubeObject) => source.apply(made, WRITER, signal);
      await put(object('v1', 'ServiceAccount', 'web'));
      await put(webhook);
      await put(
        object('v1', 'Service', 'web', { spec: { selector: { app: 'new' }, ports: [{ port: 80 }] } }),
      );
      for (const made of [configMap('settings', '2'), held('2'), configMap('added', '2')]) await put(made);
      await put(owned(configMap('child', '2'), await put(widget(2))));
      for (const gone of [secret('first'), configMap('state', '1'), web('old')])
        await removeOne(source, gone, signal);
      await put(secret('second'));
      await put(owned(configMap('state', '2'), await put(web('new'))));
    },
    foreign: async (target, signal) => {
      await target.apply(configMap('theirs', 'theirs'), WRITER, signal);
    },
    listed: async (cluster, signal) => {
      const lists = await Promise.all(
        [...LISTED, `Widget.${group}`].map((kind) => listOf(cluster, kind, namespace, signal)),
      );
      return new Map(lists.flat().map((found) => [objectKey(found), found]));
    },
    ofKind: (cluster, kind, signal) => listOf(cluster, kind, namespace, signal),
    remove: async (source, target, signal) => {
      for (const cluster of [source, target]) {
        const type = await cluster.typeFor({ group: '', kind: 'ConfigMap' }, signal);
        const at = { namespace, name: 'held' };
        if (type !== undefined && (await cluster.get(type, at, signal)) !== undefined)
          await cluster.mergePatch(type, at, { metadata: { finalizers: null } }, signal);
        for (const [kind, its] of [
          ['ValidatingWebhookConfiguration.admissionregistration.k8s.io', name],
          ['CustomResourceDefinition.apiextensions.k8s.io', `widgets.${group}`],
          ['Namespace', namespace],
        ] as const)
          await removeNamed(cluster, kind, its, signal);
      }
    },
  };
}

/** `Deployment.apps` */
async function typeNamed(cluster: Cluster, kind: string, signal: AbortSignal) {
  const [first = '', ...group] = kind.split('.');
  return cluster.typeFor({ group: group.join('.'), kind: first }, signal);
}

async function listOf(cluster: Cluster, kind: string, namespace: string, signal: AbortSignal) {
  const type = await typeNamed(cluster, kind, signal);
  return type === undefined ? [] : (await cluster.list(type, { namespace }, signal)).items;
}

async function removeNamed(cluster: Cluster, kind: string, name: string, signal: AbortSignal): Promise<void> {
  const type = await typeNamed(cluster, kind, signal);
  if (type !== undefined) await cluster.remove(type, { name }, signal);
}

async function removeOne(cluster: Cluster, object: KubeObject, signal: AbortSignal): Promise<void> {
  const type = await cluster.typeFor({ group: groupOf(object.apiVersion), kind: object.kind }, signal);
  const { namespace, name } = object.metadata;
  if (type !== undefined && namespace !== undefined) await cluster.remove(type, { namespace, name }, signal);
}

/** Its Pods need the ConfigMap `state`, which it owns: that one has to go first. */
const deployment = (base: KubeObject, app: string): KubeObject => ({
  ...base,
  spec: {
    replicas: 1,
    selector: { matchLabels: { app } },
    template: {
      metadata: { labels: { app } },
      spec: {
        containers: [
          {
            name: 'main',
            image: 'registry.example/web:1',
            envFrom: [{ configMapRef: { name: 'state' } }, { secretRef: { name: 'db' } }],
          },
        ],
      },
    },
  },
});

const webhookFor = (name: string, namespace: string, group: string): KubeObject => ({
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'ValidatingWebhookConfiguration',
  metadata: { name },
  webhooks: [
    {
      name: 'widgets.example.com',
      admissionReviewVersions: ['v1'],
      sideEffects: 'None',
      failurePolicy: 'Ignore',
      timeoutSeconds: 1,
      clientConfig: { service: { namespace, name: 'web', port: 80 } },
      rules: [{ apiGroups: [group], apiVersions: ['*'], operations: ['DELETE'], resources: ['widgets'] }],
    },
  ],
});
